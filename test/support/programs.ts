import { spawnSync } from 'node:child_process'

/** Skips the tests of the hook where one of these programs is not installed. Call it in a `before` hook. */
export function requireProgram(hook: Mocha.Context, ...programs: string[]): void {
  if (!programs.every(isInstalled)) hook.skip()
}

const isInstalled = (program: string) => spawnSync('sh', ['-c', 'command -v "$0"', program]).status === 0
