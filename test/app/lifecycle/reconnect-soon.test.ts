import { once } from 'node:events'
import { expect } from 'chai'
import { mongo } from 'mongoose'
import { reconnectSoon } from '../../../app/lifecycle/reconnect-soon.ts'
import { socketOf } from '../../embedded/engine.ts'
import { FaultProxy } from '../../support/app/fault-proxy.ts'
import { databaseUri } from '../../support/app/mongo.ts'

/** Longer than the test: only a shorter time of `reconnectSoon` ends a connection without an answer. */
const CONNECT_MS = 600_000

describe('reconnectSoon', function () {
  this.timeout(60_000)
  let proxy: FaultProxy
  let client: mongo.MongoClient

  before(async () => {
    const uri = new URL(await databaseUri())
    const path = socketOf(uri.href)
    const target = path.startsWith('/') ? { path } : { host: uri.hostname, port: Number(uri.port) }
    proxy = await new FaultProxy(target).listen()
    uri.host = `127.0.0.1:${proxy.port}`
    const options = {
      connectTimeoutMS: CONNECT_MS,
      heartbeatFrequencyMS: 500,
      serverSelectionTimeoutMS: 40_000,
    }
    client = await mongo.MongoClient.connect(uri.href, options)
    reconnectSoon(client)
  })
  after(async () => {
    await client.close()
    await proxy.close()
  })

  const ping = () => client.db('admin').command({ ping: 1 })

  it('reconnectSoon – database refuses, then hangs, then answers → used again although a connection still waits', async () => {
    const lost = once(client, 'serverHeartbeatFailed')
    proxy.setFault('refuse')
    await lost
    proxy.setFault('stall')
    const failed = once(client, 'serverHeartbeatFailed')
    const answer = ping()
    // the first connection that gets no answer ends; the next one is open when the fault ends
    await failed
    await once(client, 'serverHeartbeatStarted')
    proxy.setFault('pass')
    expect(await answer).to.include({ ok: 1 })
  })

  it('reconnectSoon – database is back → a connection has its usual time again', async () => {
    await ping()
    const { topology } = client as unknown as {
      topology: { s: { servers: Map<string, { monitor: { connectOptions: { connectTimeoutMS: number } } }> } }
    }
    for (const { monitor } of topology.s.servers.values())
      expect(monitor.connectOptions.connectTimeoutMS).to.equal(CONNECT_MS)
  })
})
