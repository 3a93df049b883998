import { variables } from '../../../config/variables.ts'

interface Declared {
  default?: unknown
  desc?: string
  choices?: readonly unknown[]
}

const declared: [string, Declared][] = Object.entries(variables)

/** The sentence of a variable, with what it may be. */
function sentence({ desc = '', choices }: Declared): string {
  return choices ? `${desc} One of ${choices.join(', ')}.` : desc
}

function defaultOf(variable: Declared): string {
  return Array.isArray(variable.default) ? variable.default.join(',') : String(variable.default ?? '')
}

/** The table of README.md: one row a variable. */
export function configurationTable(): string {
  const rows = declared.map(([name, variable]) => {
    const value = defaultOf(variable)
    return `| \`${name}\` | ${value ? `\`${value}\`` : ''} | ${sentence(variable)} |`
  })
  return ['| variable | default | |', '|---|---|---|', ...rows, ''].join('\n')
}

/** The whole of .env.example: every variable, commented out, with its default. */
export function envExample(): string {
  const head =
    '# Copy this to .env and take the # from the lines you change. It is read in development only;\n# in production the environment is set by the platform.\n'
  const parts = declared.map(
    ([name, variable]) => `# ${sentence(variable)}\n#${name}=${defaultOf(variable)}\n`,
  )
  return [head, ...parts].join('\n')
}
