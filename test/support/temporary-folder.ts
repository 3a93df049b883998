import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Has the tests of this block write their temporary files to a folder of their own. */
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
