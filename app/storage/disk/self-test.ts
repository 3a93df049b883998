import { randomUUID } from 'node:crypto'
import type { ObjectStore, SelfTest } from '../object-store.ts'
import { cleanUp, commonSteps, deleteStep, runSteps, SELF_TEST_PREFIX } from '../self-test.ts'
import { diskCode } from './file-system.ts'

/** Tries the folder of the objects. */
export async function testDisk(store: ObjectStore): Promise<SelfTest> {
  const prefix = `${SELF_TEST_PREFIX}${randomUUID()}/`
  const key = `${prefix}1`
  const explain = (error: unknown) => {
    const { cause } = error as Error
    return diskCode(cause) === undefined ? undefined : (cause as Error).message
  }
  try {
    const steps = [...commonSteps(store, key), deleteStep(store, 'delete', [key])]
    return { checks: await runSteps(steps, explain), policy: null }
  } finally {
    await cleanUp(store, prefix)
  }
}
