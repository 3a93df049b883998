import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import mongoose, { Types } from 'mongoose'
import { connectDatabase, disconnectDatabase } from '../../app/lifecycle/database.ts'
import { Asset } from '../../models/asset.ts'
import { Term } from '../../models/term.ts'
import { withDatabase } from '../embedded/engine.ts'
import { type Client, register, send } from '../support/app/client.ts'
import { CommandProxy } from '../support/app/command-proxy.ts'
import { databaseUri } from '../support/app/mongo.ts'
import { killAll, startProcess } from '../support/app/process.ts'
import { eventually } from '../support/eventually.ts'

const WAIT_MS = 60_000

describe('words of an asset whose process is killed', function () {
  this.timeout(240_000)
  let folder: string
  let uri: string
  let env: Record<string, string>

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kura-terms-'))
    uri = withDatabase(await databaseUri(), `kura-terms-${randomBytes(6).toString('hex')}`)
    env = { DATA_DIR: folder, REGISTRATIONS_PER_HOUR: '0', LOG_LEVEL: 'warn' }
    await connectDatabase(uri)
  })
  after(async () => {
    await killAll()
    await mongoose.connection.dropDatabase()
    await disconnectDatabase()
    await rm(folder, { recursive: true, force: true })
  })

  const upload = async ({ origin, token }: Client, name: string) => {
    const address = `${origin}/api/files/a.bin?name=${name}&visibility=public`
    const headers = { Authorization: `Bearer ${token}` }
    const { asset } = await send<{ asset: { id: string } }>(
      address,
      { method: 'PUT', headers, body: 'a' },
      201,
    )
    return asset.id
  }
  const found = async (origin: string, q: string) => {
    const { assets } = await send<{ assets: { name: string }[] }>(`${origin}/api/assets?q=${q}`, {}, 200)
    return assets.map(({ name }) => name)
  }

  it('PUT /api/files – kill -9 after the answer, before the words are stored → another process stores them, then finds them by a part', async () => {
    const { proxy, uri: proxied } = await CommandProxy.open(uri)
    const first = await startProcess({ ...env, MONGODB_URI: proxied })
    const second = (await startProcess({ ...env, MONGODB_URI: uri })).origin
    const owner = await register(first.origin)
    await register(second)
    // words of an asset of a living process
    await upload(owner, 'Velvetcurtain')
    await eventually(
      async () => expect(await found(second, 'velvetcur')).to.deep.equal(['Velvetcurtain']),
      WAIT_MS,
    )

    proxy.fault = (command, collection) =>
      command === 'update' && collection === 'terms' ? 'cut' : undefined
    const id = await upload(owner, 'Schreibtischlampe')
    first.signal('SIGKILL')
    await first.ended
    await proxy.close()
    const asset = await Asset.byId(id)
    expect(asset?.termsDue).to.be.an.instanceOf(Date)
    expect(await Term.exists({ _id: 'public schreibtischlampe' })).to.equal(null)
    expect(await found(second, 'schreibtischlampe')).to.deep.equal(['Schreibtischlampe'])
    // a minute later
    await Asset.updateOne({ _id: new Types.ObjectId(id) }, { termsDue: new Date(0) })
    const third = (await startProcess({ ...env, MONGODB_URI: uri })).origin
    for (const origin of [second, third])
      await eventually(
        async () => expect(await found(origin, 'lampe')).to.deep.equal(['Schreibtischlampe']),
        WAIT_MS,
      )
    expect(await Asset.byId(id)).not.to.have.property('termsDue')
  })
})
