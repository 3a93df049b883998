import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Makes the tests of the current block use a new temporary folder, and removes it afterwards. */
export function useOwnTemporaryFolder(): void {
  const { TMPDIR } = process.env
  before(async () => {
    process.env.TMPDIR = await mkdtemp(join(tmpdir(), 'kura-test-'))
  })
  after(async () => {
    await rm(tmpdir(), { recursive: true })
    if (TMPDIR === undefined) delete process.env.TMPDIR
    else process.env.TMPDIR = TMPDIR
  })
}
