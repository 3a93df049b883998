import { rmSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { bundle, PROGRAMS } from '../../../scripts/bundle.js'

const ROOT = resolve(import.meta.dirname, '../../..')
/** Folder of the build. Below the root, so that packages are found; named by process, because runs can be concurrent. */
const BUILD = join(ROOT, `.test-build-${process.pid}`)

/** Programs that only tests start. */
const OF_TESTS = ['test/support/kill/standby-service.ts', 'test/support/app/fake-mongod.ts']

let built = false

/**
 * Returns the path of a compiled program, given by its path from the root. The first call compiles all programs. Starting
 * a program from its sources would take many times the processor time, and tests start many.
 */
export function compiled(program: string): string {
  if (!built) {
    bundle([...PROGRAMS, ...OF_TESTS], BUILD)
    process.once('exit', () => rmSync(BUILD, { recursive: true, force: true }))
    built = true
  }
  return join(BUILD, `${basename(program, '.ts')}.js`)
}
