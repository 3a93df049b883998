// Compiles the programs if a source file is newer than the last build. Comparing times takes milliseconds, starting the
// compiler takes a second. Where only the production dependencies are installed there is no compiler: then the build is
// used as it is.
import { existsSync, readFileSync, statSync } from 'node:fs'
import { fail } from './ensure-installed.js'

/** List of the source files of the build. It is written last, so its time is that of the build. */
const SOURCES = 'dist/sources.json'
const canBuild = existsSync('node_modules/esbuild')

if (!existsSync(SOURCES) && !canBuild)
  fail('it is not compiled, and the compiler is not installed. Run `npm ci --include=dev` first.')
if (!existsSync(SOURCES) || (canBuild && isOutdated())) {
  process.stdout.write('Compiling…\n')
  // the compiler prints its own errors
  await import('./build.js').catch(({ errors, message }) =>
    fail(
      `it cannot be compiled${errors ? '' : `: ${message}`}. If a package is missing, run \`npm ci\` first.`,
    ),
  )
}

function isOutdated() {
  const built = changedAt(SOURCES)
  return JSON.parse(readFileSync(SOURCES, 'utf8')).some((file) => changedAt(file) > built)
}

/** Returns when a file was changed last (milliseconds); now if it does not exist, so that its removal causes a build. */
function changedAt(file) {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? Date.now()
}
