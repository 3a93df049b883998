import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { expect } from 'chai'
import { mongo } from 'mongoose'
import { limitCommands } from '../../../app/lifecycle/command-limits.ts'
import { socketOf } from '../../embedded/engine.ts'
import { databaseUri } from '../../support/app/mongo.ts'

interface Operation {
  commandName: string
  buildOptions(timeout: unknown): { socketTimeoutMS: number }
}

interface DriverServer {
  pool: { generation: number }
  command(operation: Operation, timeout: unknown): Promise<unknown>
}

describe('limitCommands', function () {
  this.timeout(60_000)
  let client: mongo.MongoClient
  let server: DriverServer
  let prototype: DriverServer
  let unlimited: DriverServer['command']
  /** Connections of which no more bytes arrive, like those that a firewall has forgotten. */
  const dead = new Set<Socket>()
  const open = new Set<Socket>()
  const proxy = createServer((one) => {
    const upstream = connect(target)
    open.add(one)
    one.on('data', (bytes) => dead.has(one) || upstream.write(bytes)).on('error', () => undefined)
    upstream.on('data', (bytes) => one.write(bytes)).on('error', () => undefined)
    one.on('close', () => upstream.destroy())
    upstream.on('close', () => one.destroy())
  })
  let target: { path: string } | { host: string; port: number }

  before(async () => {
    const uri = new URL(await databaseUri())
    const path = socketOf(uri.href)
    target = path.startsWith('/') ? { path } : { host: uri.hostname, port: Number(uri.port) }
    await once(proxy.listen(0, '127.0.0.1'), 'listening')
    uri.host = `127.0.0.1:${(proxy.address() as AddressInfo).port}`
    client = await mongo.MongoClient.connect(uri.href, { serverSelectionTimeoutMS: 5000 })
    const { topology } = client as unknown as {
      topology: { s: { servers: Map<string, DriverServer> } }
    }
    const [first] = topology.s.servers.values()
    if (!first) throw new Error('there is no server')
    server = first
    prototype = Object.getPrototypeOf(server)
    unlimited = prototype.command
    limitCommands(client)
  })
  after(async () => {
    // other tests of this process have no limits
    prototype.command = unlimited
    await client.close()
    proxy.close()
    for (const one of open) one.destroy()
  })

  /** Returns the time limits of the commands that `work` sends, by their names, in milliseconds. */
  async function limitsOf(work: () => Promise<unknown>): Promise<Record<string, number>> {
    const found: Record<string, number> = {}
    const { command } = server
    server.command = function (operation, timeout) {
      const sent = command.call(this, operation, timeout)
      found[operation.commandName] = operation.buildOptions(timeout).socketTimeoutMS
      return sent
    }
    await work().finally(() => {
      server.command = command
    })
    return found
  }

  it('limitCommands – commands of one document or page, of many documents, with a limit of their own → 7 s, 15 s, that limit', async () => {
    const limited = client.db('kura-limits').collection('a')
    const short = await limitsOf(async () => {
      await limited.findOne({})
      await limited.updateOne({ a: 1 }, { $set: { a: 1 } })
      await limited.deleteOne({ a: 1 })
      await limited.findOneAndUpdate({ a: 1 }, { $set: { a: 1 } })
    })
    expect(Object.keys(short)).to.have.members(['find', 'update', 'delete', 'findAndModify'])
    for (const [name, ms] of Object.entries(short)) expect(ms, name).to.be.within(1000, 7000)
    const long = await limitsOf(async () => {
      await limited.updateMany({ a: 1 }, { $set: { a: 1 } })
      await limited.deleteMany({ a: 1 })
      await limited.countDocuments({ a: 1 })
    })
    expect(Object.keys(long)).to.have.members(['update', 'delete', 'aggregate'])
    for (const [name, ms] of Object.entries(long)) expect(ms, name).to.be.within(7001, 15_000)
    const own = await limitsOf(() => limited.findOne({}, { socketTimeoutMS: 1234 } as object))
    expect(own).to.deep.equal({ find: 1234 })
  })

  it('limitCommands – all connections but that of the heartbeats are dead → repeated on a new one, the other dead ones are not used', async () => {
    const documents = client.db('kura-limits').collection('a')
    const find = () => documents.findOne({}, { socketTimeoutMS: 1500 } as object)
    await Promise.all(Array.from({ length: 5 }, find))
    const before = server.pool.generation
    for (const one of [...open].slice(1)) dead.add(one)
    // without new connections, the driver repeats it on another dead one, and fails
    await find()
    expect(server.pool.generation).to.be.above(before)
    for (let n = 0; n < 5; n += 1) await find()
  })
})
