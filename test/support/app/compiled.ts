import { rmSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { bundle, PROGRAMS } from '../../../scripts/bundle.js'

const ROOT = resolve(import.meta.dirname, '../../..')
/** Below the root, for the packages; of this run alone, for there may be others. */
const BUILD = join(ROOT, `.test-build-${process.pid}`)

let built = false

/**
 * The compiled form of a program of ours, given by its path from the root. All are compiled when the first is asked
 * for: to start one from its sources takes many times the processor time, and tests start many.
 */
export function compiled(program: string): string {
  if (!built) {
    bundle([...PROGRAMS, 'test/support/kill/standby-service.ts'], BUILD)
    process.once('exit', () => rmSync(BUILD, { recursive: true, force: true }))
    built = true
  }
  return join(BUILD, `${basename(program, '.ts')}.js`)
}
