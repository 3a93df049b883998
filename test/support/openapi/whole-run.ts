import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const TESTS = fileURLToPath(new URL('../..', import.meta.url))

/** Whether this run, at its end, was one of every test file with no test left out and none failed. */
export async function ranWhole(hook: Mocha.Context): Promise<boolean> {
  const root = hook.test?.parent
  if (!root) return false
  const loaded = new Set(root.suites.map(({ file }) => file))
  let good = true
  root.eachTest((test) => {
    good &&= test.isPassed() || test.isPending()
  })
  const names = await readdir(TESTS, { recursive: true })
  return (
    good && names.filter((name) => name.endsWith('.test.ts')).every((name) => loaded.has(join(TESTS, name)))
  )
}
