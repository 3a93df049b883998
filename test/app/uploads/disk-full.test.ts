import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { appendFile, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import mongoose from 'mongoose'
import { connectDatabase, disconnectDatabase } from '../../../app/lifecycle/database.ts'
import { openStore } from '../../../app/storage/open-store.ts'
import { loadConfig } from '../../../config/env.ts'
import { onRealEngine, withDatabase } from '../../embedded/engine.ts'
import { json, register, uploadFile } from '../../support/app/client.ts'
import { databaseUri } from '../../support/app/mongo.ts'
import { killAll, startProcess } from '../../support/app/process.ts'
import { uploadRaw, withLength } from '../../support/app/raw-upload.ts'
import { stateOf, storedBytes } from '../../support/app/state.ts'
import { eventually } from '../../support/eventually.ts'

/** Mounts a disk at a path before the service starts. */
const onDisk = (size: string, path: string) =>
  `exec unshare -rm sh -c 'mount -t tmpfs -o size=${size} tmpfs "${path}" && exec "$@"' sh "$@"`
/** Whether an ordinary user can mount a file system here. */
const canMount = spawnSync('unshare', ['-rm', 'true']).status === 0

/** Ways to get a disk of 2 MB for objects, and its path from outside the process. */
const DISKS = {
  'a file that exceeds the size limit of the system (EFBIG)': {
    shell: 'ulimit -f 4096',
    seen: (folder: string) => folder,
    refused: { status: 503, code: 'unavailable' },
  },
  ...(canMount && {
    'a disk that is full (ENOSPC)': {
      shell: onDisk('2m', '$DATA_DIR/objects'),
      seen: (folder: string, pid: number) => join(`/proc/${pid}/root`, folder),
      refused: { status: 507, code: 'server_full' },
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
    if (mongoose.connection.readyState !== 0) await mongoose.connection.dropDatabase()
    await disconnectDatabase()
    await rm(folder, { recursive: true, force: true })
  })

  for (const [name, { shell, seen, refused }] of Object.entries(DISKS))
    it(`${name} – disk full → refused, nothing half-done`, async () => {
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
      for (const how of [withLength(large), {}]) expect(await uploadRaw(ada, large, how)).to.include(refused)
      expect(await stateOf({ store })).to.deep.equal(before)
      for await (const { key } of store.listUnfinished('')) expect.fail(`${key} was not removed`)

      expect(await uploadRaw(ada, small, withLength(small))).to.include({ status: 201 })
    })
  it('compiled service – disk of the store and the embedded database full → uploads 507, reads, changes and removals go on', async function () {
    if (!canMount || onRealEngine) this.skip()
    const service = await startProcess({ DATA_DIR: folder }, undefined, onDisk('96m', '$DATA_DIR'))
    const { origin, pid } = service
    const ada = await register(origin)
    const bytes = randomBytes(400_000)
    const urls = [await uploadFile(ada, bytes), await uploadFile(ada, bytes)]
    const [kept = '', removed = ''] = urls.map((url) => url.split('/files/')[0])
    const ask = (path: string, method = 'GET', body?: object) =>
      fetch(`${origin}${path}`, {
        method,
        headers: {
          Authorization: `Bearer ${ada.token}`,
          ...(body && { 'Content-Type': 'application/json' }),
        },
        ...(body && { body: JSON.stringify(body) }),
      })
    const readiness = async () => {
      const answer = await ask('/readyz')
      expect(answer.status).to.equal(200)
      return ((await answer.json()) as { checks: { space: string } }).checks.space
    }
    expect(await readiness()).to.equal('ok')

    const filler = join(`/proc/${pid}/root`, folder, 'filler')
    const fill = async () => {
      const error = await appendFile(filler, Buffer.alloc(100_000_000)).catch(({ code }) => code)
      expect(error).to.equal('ENOSPC')
    }
    await fill()
    await eventually(async () => expect(await readiness()).to.match(/^The disk of the store is full/))
    expect(await (await ask('/metrics')).text()).to.contain('kura_disk_free_bytes{disk="store"} 0')
    for (const how of [withLength(bytes), {}])
      expect(await uploadRaw(ada, bytes, how)).to.include({ status: 507, code: 'server_full' })

    for (let n = 0; n < 30; n++) {
      const name = `${n} ${'x'.repeat(100)}`
      expect((await ask(kept, 'PATCH', { name, description: 'y'.repeat(150 * n) })).status).to.equal(200)
      if (n % 10 === 0) await fill()
    }
    const sign = await fetch(
      `${origin}/api/auth/login`,
      json({ login: ada.username, password: ada.password }),
    )
    expect(sign.status).to.equal(200)
    expect((await ask(removed, 'DELETE')).status).to.equal(204)
    const download = await ask(String(urls[0]))
    expect(Buffer.from(await download.arrayBuffer()).equals(bytes)).to.equal(true)
    expect(service.hasEnded()).to.equal(false)

    await rm(filler)
    await eventually(async () => expect(await readiness()).to.equal('ok'))
    expect(await uploadRaw(ada, bytes, withLength(bytes))).to.include({ status: 201 })
    const space = (await (await ask('/api/space')).json()) as { res: object }
    expect(space.res).to.include({ used: 2 * bytes.length, reserved: 0, files: 2 })
    service.signal('SIGTERM')
    expect(await service.ended).to.equal(0)
  })
})
