// `npm start` runs compiled code: compiles it if a source is newer than what was compiled last. Comparing times
// takes some milliseconds, starting the compiler takes a second; and where only the production dependencies are
// installed there is no compiler.
import { existsSync, readFileSync, statSync } from 'node:fs'

/** Written last. */
const SOURCES = 'dist/sources.json'
const canBuild = existsSync('node_modules/esbuild')

if (!existsSync(SOURCES) || (canBuild && isOutdated())) {
  process.stdout.write('Compiling…\n')
  await import('./build.js')
}

function isOutdated() {
  const built = changed(SOURCES)
  return JSON.parse(readFileSync(SOURCES, 'utf8')).some((file) => changed(file) > built)
}

/** When a file was changed last; now, where it is gone. */
function changed(file) {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? Date.now()
}
