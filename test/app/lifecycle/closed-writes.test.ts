import type { Socket } from 'node:net'
import { expect } from 'chai'
import mongoose from 'mongoose'
import { User } from '../../../models/user.ts'
import { startApp, type TestApp } from '../../support/app/app.ts'

interface DriverClient {
  topology: { s: { servers: Map<string, { pool: { connections: Iterable<{ socket: Socket }> } }> } }
}

describe('commands on a closed connection', () => {
  let app: TestApp
  before(async () => {
    app = await startApp()
  })
  after(() => app.stop())

  it('find – sockets of all idle connections destroyed, their close event still to come → answered by a new connection', async () => {
    await Promise.all(Array.from({ length: 5 }, () => User.countDocuments()))
    const client = mongoose.connection.getClient() as unknown as DriverClient
    let destroyed = 0
    for (const { pool } of client.topology.s.servers.values())
      for (const { socket } of pool.connections) {
        socket.destroy()
        destroyed += 1
      }
    const count = await User.countDocuments()
    expect(destroyed).to.be.above(0)
    expect(count).to.equal(0)
  })
})
