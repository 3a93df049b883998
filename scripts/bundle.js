import { readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildSync } from 'esbuild'
import { joinOpenApi, openApiFolder } from '../controllers/openapi/join.js'

const ROOT = fileURLToPath(new URL('..', import.meta.url))

/** Everything that is started as a process or a thread. In a build they lie side by side. */
export const PROGRAMS = [
  'server.ts',
  'commands/backup.ts',
  'commands/db-indexes.ts',
  'commands/db-migrate.ts',
  'commands/restore.ts',
  'commands/space-reconcile.ts',
  'commands/storage-check.ts',
  'app/media/render-process.ts',
  'app/storage/digest-worker.js',
]

/** Packages with a binary part, which they look for beside their own files. */
const NATIVE = ['bcrypt', 'lmdb', 'sharp']

/** For packages that are CommonJS and ask for Node's own modules by `require`. */
const REQUIRE = "import{createRequire as $from}from'node:module';const require=$from(import.meta.url);"

/**
 * Puts programs together with the packages they use, into a folder that is emptied first: to load a few files takes
 * half the time of loading 2,400. Types are not checked. Puts the joined OpenAPI document beside them.
 *
 * @param {string[]} programs paths from the root of the project
 * @param {string} folder path from there as well
 * @returns {string[]} paths of the files they are made of
 */
export function bundle(programs, folder) {
  rmSync(folder, { recursive: true, force: true })
  const { metafile } = buildSync({
    absWorkingDir: ROOT,
    entryPoints: programs,
    outdir: folder,
    entryNames: '[name]',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    external: NATIVE,
    banner: { js: REQUIRE },
    sourcemap: 'linked',
    sourcesContent: false,
    metafile: true,
    logLevel: 'warning',
  })
  const documents = openApiFolder()
  const parts = readdirSync(documents).map((name) => join(documents, name))
  writeFileSync(resolve(ROOT, folder, 'openapi.json'), JSON.stringify(joinOpenApi(documents)))
  // the folder changes with a new part
  return [...Object.keys(metafile.inputs), ...[documents, ...parts].map((path) => relative(ROOT, path))]
}
