import { readFileSync, writeFileSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('..', import.meta.url))

export const PAGE = 'web/src/index.html'
/** Script and styles of the first load, and the styles of other pages. */
export const ENTRIES = { app: 'web/src/main.tsx', style: 'web/src/style.css', pages: 'web/src/pages.css' }
/** Script that loads open pages again after a build. */
export const RELOAD = 'web/src/reload.ts'
/** Pages that people often open first, and their scripts. Their documents name all files that the page needs at once. */
const FIRST_PAGES = {
  asset: 'web/src/pages/asset/asset.tsx',
  link: 'web/src/pages/link/link.tsx',
  embed: 'web/src/pages/embed/embed.tsx',
}

/**
 * Writes the documents of the web client with the names of its files: one for each of `FIRST_PAGES`, and `index.html` for
 * all others.
 *
 * @param {string} out folder of the build
 * @param {import('esbuild').Metafile} metafile of the build
 * @param {string} licenses name of the file of licences
 */
export function writeDocuments(out, { outputs }, licenses) {
  const nameOf = (path) => `{{base}}web/${relative(join(out, 'files'), resolve(ROOT, path))}`
  const entries = Object.entries(outputs)
  const outputOf = (source) => entries.find(([, { entryPoint }]) => entryPoint === source)?.[0]
  const app = outputOf(ENTRIES.app)
  const ofPages = outputOf(ENTRIES.pages)
  const reload = outputOf(RELOAD)
  const icon = entries.find(([path]) => /\/icon-[^/]*\.svg$/.test(path))
  const source = readFileSync(resolve(ROOT, PAGE), 'utf8')
  const write = (name, tagOfPages, page = []) => {
    const head = [
      `<link rel="stylesheet" href="${nameOf(outputOf(ENTRIES.style))}">`,
      `<link ${tagOfPages} href="${nameOf(ofPages)}">`,
      `<link rel="license" href="{{base}}web/${licenses}">`,
      ...(icon ? [`<link rel="icon" type="image/svg+xml" href="${nameOf(icon[0])}">`] : []),
      ...[...new Set([app, ...page].flatMap((path) => staticImports(outputs, path))), ...page].map(
        (path) => `<link rel="modulepreload" href="${nameOf(path)}">`,
      ),
      // nothing is drawn before the script runs, else the page would flash in the theme of the system
      `<script type="module" blocking="render" src="${nameOf(app)}"></script>`,
      ...(reload ? [`<script type="module" src="${nameOf(reload)}"></script>`] : []),
    ]
    const html = source.replace('{{files}}', () => head.join('\n    '))
    writeFileSync(join(out, `${name}.html`), html)
  }
  // applied by `loadStyles`
  write('index', 'rel="prefetch" as="style"')
  for (const [name, script] of Object.entries(FIRST_PAGES))
    write(name, 'rel="stylesheet"', [outputOf(script)])
}

/** Returns the files that are always loaded with a file. */
function staticImports(outputs, path, found = new Set()) {
  for (const { kind, path: other } of outputs[path].imports) {
    if (kind !== 'import-statement' || found.has(other)) continue
    found.add(other)
    staticImports(outputs, other, found)
  }
  return [...found]
}
