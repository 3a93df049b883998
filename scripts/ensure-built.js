// `npm start` runs compiled code: compiles it if a source is newer than what was compiled last. Comparing times
// takes some milliseconds, starting the compiler takes a second; and where only the production dependencies are
// installed there is no compiler.
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'

const PROJECT = 'tsconfig.build.json'

const { include, compilerOptions } = JSON.parse(readFileSync(PROJECT, 'utf8'))
const built = changed(join(compilerOptions.outDir, 'server.js'))
const sources = ['package.json', 'tsconfig.json', PROJECT, ...include.flatMap(filesOf)]
const canBuild = existsSync('node_modules/typescript')

if (!built || (canBuild && sources.some((file) => changed(file) > built))) {
  process.stdout.write('Compiling…\n')
  const { status } = spawnSync('npm run --silent build', { stdio: 'inherit', shell: true })
  process.exitCode = status ?? 1
}

function filesOf(path) {
  if (!statSync(path).isDirectory()) return [path]
  return readdirSync(path, { recursive: true })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(path, name))
}

/** When a file was changed last, 0 where there is none. */
function changed(file) {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0
}
