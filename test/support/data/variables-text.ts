import { fileVariable } from '../../../config/file-variables.ts'
import { FROM_FILES, variables } from '../../../config/variables.ts'

interface Declared {
  default?: unknown
  desc?: string
  choices?: readonly unknown[]
}

const declared: [string, Declared][] = Object.entries(variables)

const fromFiles: ReadonlySet<string> = new Set(FROM_FILES)

/** Returns the description of a variable, with its choices and its file. */
function sentence(name: string, { desc = '', choices }: Declared): string {
  return [
    desc,
    ...(choices ? [`One of ${choices.join(', ')}.`] : []),
    ...(fromFiles.has(name) ? [`From a file: ${fileVariable(name)}.`] : []),
  ].join(' ')
}

function defaultOf(variable: Declared): string {
  return Array.isArray(variable.default) ? variable.default.join(',') : String(variable.default ?? '')
}

/** Returns the table of variables in README.md. */
export function configurationTable(): string {
  const rows = declared.map(([name, variable]) => {
    const value = defaultOf(variable)
    return `| \`${name}\` | ${value ? `\`${value}\`` : ''} | ${sentence(name, variable)} |`
  })
  return ['| variable | default | |', '|---|---|---|', ...rows, ''].join('\n')
}

/** Returns the text of .env.example: every variable with its default, commented out. */
export function envExample(): string {
  const head =
    '# Copy this file to .env and remove the # of the lines that you change. The service reads .env in development\n# only. In production, set the variables in the environment.\n'
  const parts = declared.map(
    ([name, variable]) => `# ${sentence(name, variable)}\n#${name}=${defaultOf(variable)}\n`,
  )
  return [head, ...parts].join('\n')
}
