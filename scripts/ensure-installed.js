// Ends the process with a sentence if the packages are not installed.
import { existsSync } from 'node:fs'

/** A package that every program needs. */
const NEEDED = 'node_modules/lmdb'

if (!existsSync(NEEDED)) fail('its packages are not installed. Run `npm ci` first.')

/** Prints why Kura cannot start, and ends the process. @param {string} reason */
export function fail(reason) {
  process.stderr.write(`Kura cannot start: ${reason}\n`)
  process.exit(1)
}
