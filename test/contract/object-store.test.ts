import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openDiskStore } from '../../app/storage/disk-store.ts'
import { describeObjectStore } from './object-store.ts'

describeObjectStore('disk', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'kura-objects-'))
  const store = await openDiskStore({ dir: join(dir, 'mounted') })
  const unreachable = await openDiskStore({ dir: join(dir, 'gone') })
  await rm(join(dir, 'gone'), { recursive: true })
  return { store, unreachable, close: () => rm(dir, { recursive: true }) }
})
