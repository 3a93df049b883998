import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { expect } from 'chai'
import mongoose from 'mongoose'
import { connectDatabase, disconnectDatabase } from '../../../app/lifecycle/database.ts'
import { IndexConflict, syncIndexes } from '../../../app/maintenance/indexes.ts'
import { Asset } from '../../../models/asset.ts'
import { startApp, type TestApp } from '../../support/app/app.ts'
import { monitoredUri } from '../../support/app/monitor-commands.ts'
import { rejection } from '../../support/s3/object-stores.ts'

const SOCKET_TIMEOUT_MS = 500

/** Starts a proxy to a database that holds each command which builds an index for longer than the socket timeout. */
async function startSlowProxy(uri: string) {
  const { hostname, port } = new URL(uri)
  const server = createServer((client) => {
    const upstream = hostname.startsWith('%2F')
      ? connect(decodeURIComponent(hostname))
      : connect(Number(port), hostname)
    client.on('data', async (chunk) => {
      client.pause()
      if (chunk.includes('createIndexes')) await delay(3 * SOCKET_TIMEOUT_MS)
      upstream.write(chunk)
      client.resume()
    })
    upstream.pipe(client)
    for (const socket of [client, upstream])
      socket.on('error', () => undefined).on('close', () => [client, upstream].map((one) => one.destroy()))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const options = `directConnection=true&monitorCommands=true&socketTimeoutMS=${SOCKET_TIMEOUT_MS}`
  return {
    uri: `mongodb://127.0.0.1:${(server.address() as AddressInfo).port}/?${options}`,
    close: () => server.close(),
  }
}

const OF_FIRST_RELEASE = 'assets.readers_1_size_-1__id_-1'

describe('indexes', () => {
  let app: TestApp

  before(async () => {
    app = await startApp({ uri: await monitoredUri() })
  })
  after(() => app.stop())

  const assets = () => mongoose.connection.collection('assets')
  const names = async () => (await assets().indexes()).map(({ name = '' }) => name).sort()

  it('syncIndexes – indexes of an earlier release and of the operator → both kept; with `drop` that of the operator', async () => {
    const before = await names()
    await assets().createIndex({ readers: 1, size: -1, _id: -1 })
    await assets().createIndex({ description: 1 })
    expect(await syncIndexes()).to.deep.equal({ names: [OF_FIRST_RELEASE], dropped: false })
    expect(await names()).to.have.length(before.length + 2)
    expect(await syncIndexes({ drop: true })).to.deep.equal({ names: [OF_FIRST_RELEASE], dropped: true })
    expect(await names()).to.have.members([...before, 'description_1'])
    expect(await syncIndexes({ drop: true })).to.deep.equal({ names: [], dropped: true })
    await assets().dropIndex('description_1')
  })

  it('syncIndexes – index that this release declared before → recorded, so that a later release drops it', async () => {
    const record = mongoose.connection.collection<{ _id: string; names: string[] }>('indexRecord')
    await assets().createIndex({ nameKey: -1 })
    expect((await syncIndexes()).names).to.deep.equal([])
    await record.updateOne({ _id: 'indexes' }, { $push: { names: 'assets.nameKey_-1' } })
    expect((await syncIndexes({ drop: true })).names).to.deep.equal(['assets.nameKey_-1'])
    expect((await record.findOne({ _id: 'indexes' }))?.names).to.include('assets.trash.id_1')
  })

  it('syncIndexes – declared index with other options present → refused, unchanged; with `drop` replaced', async () => {
    await assets().dropIndex('trash.id_1')
    await assets().createIndex({ 'trash.id': 1 }, { name: 'trash.id_1' })
    const error = await rejection(syncIndexes())
    expect(error).to.be.instanceOf(IndexConflict)
    expect(error.message).to.contain('npm run db:indexes -- --drop')
    await syncIndexes({ drop: true })
    const found = (await assets().indexes()).find(({ name }) => name === 'trash.id_1')
    expect(found).to.have.property('sparse', true)
  })

  it('syncIndexes – indexes missing → created before any other is dropped', async () => {
    await assets().dropIndex('deleting')
    await assets().createIndex({ readers: 1, size: -1, _id: -1 })
    const commands: string[] = []
    const client = mongoose.connection.getClient()
    const note = ({ commandName }: { commandName: string }) => commands.push(commandName)
    client.on('commandStarted', note)
    await syncIndexes({ drop: true })
    client.off('commandStarted', note)
    const ofIndexes = commands.filter((name) => ['createIndexes', 'dropIndexes'].includes(name))
    expect(ofIndexes).to.deep.equal(['createIndexes', 'dropIndexes'])
    expect(Asset.schema.indexes().length + 1).to.equal((await names()).length)
  })

  it('syncIndexes – build takes longer than the socket timeout of other commands → built', async () => {
    const name = mongoose.connection.name
    const proxy = await startSlowProxy(await monitoredUri())
    await assets().dropIndex('deleting')
    await disconnectDatabase()
    await connectDatabase(proxy.uri, name)
    try {
      await syncIndexes()
      expect(await names()).to.include('deleting')
    } finally {
      await disconnectDatabase()
      await connectDatabase(await monitoredUri(), name)
      proxy.close()
    }
  })
})
