import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import mongoose from 'mongoose'
import { connectDatabase, disconnectDatabase } from '../../../app/lifecycle/database.ts'
import { openStore } from '../../../app/storage/open-store.ts'
import { loadConfig } from '../../../config/env.ts'
import { withDatabase } from '../../embedded/engine.ts'
import { register } from '../../support/app/client.ts'
import { databaseUri } from '../../support/app/mongo.ts'
import { killAll, startProcess } from '../../support/app/process.ts'
import { uploadRaw, withLength } from '../../support/app/raw-upload.ts'
import { stateOf, storedBytes } from '../../support/app/state.ts'

const MOUNT = 'mount -t tmpfs -o size=2m tmpfs "$DATA_DIR/objects"'
/** Whether an ordinary user can mount a file system here. */
const canMount = spawnSync('unshare', ['-rm', 'true']).status === 0

/** Ways to get a disk of 2 MB for objects, and its path from outside the process. */
const DISKS = {
  'a file that exceeds the size limit of the system (EFBIG)': {
    shell: 'ulimit -f 4096',
    seen: (folder: string) => folder,
  },
  ...(canMount && {
    'a disk that is full (ENOSPC)': {
      shell: `exec unshare -rm sh -c '${MOUNT} && exec "$@"' sh "$@"`,
      seen: (folder: string, pid: number) => join(`/proc/${pid}/root`, folder),
    },
  }),
}

describe('full disk', function () {
  this.timeout(120_000)
  let folder: string

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kura-full-'))
    await mkdir(join(folder, 'objects'))
  })
  afterEach(async () => {
    await killAll()
    await mongoose.connection.dropDatabase()
    await disconnectDatabase()
    await rm(folder, { recursive: true, force: true })
  })

  for (const [name, { shell, seen }] of Object.entries(DISKS))
    it(`${name} – disk full → unavailable, nothing half-done`, async () => {
      const uri = withDatabase(await databaseUri(), `kura-full-${randomBytes(6).toString('hex')}`)
      const env = { DATA_DIR: folder, MONGODB_URI: uri, LOG_LEVEL: 'fatal' }
      const { origin, pid } = await startProcess(env, undefined, shell)
      await connectDatabase(uri)
      const store = await openStore(loadConfig({ DATA_DIR: seen(folder, pid) }).storage)
      const ada = await register(origin)

      const small = randomBytes(400_000)
      expect(await uploadRaw(ada, small, withLength(small))).to.include({ status: 201 })
      expect(await storedBytes({ store })).to.equal(small.length)

      const before = await stateOf({ store })
      const large = randomBytes(3_000_000)
      for (const how of [withLength(large), {}])
        expect(await uploadRaw(ada, large, how)).to.include({ status: 503, code: 'unavailable' })
      expect(await stateOf({ store })).to.deep.equal(before)
      for await (const { key } of store.listUnfinished('')) expect.fail(`${key} was not removed`)

      expect(await uploadRaw(ada, small, withLength(small))).to.include({ status: 201 })
    })
})
