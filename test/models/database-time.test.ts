import { expect } from 'chai'
import mongoose from 'mongoose'
import { connectDatabase, disconnectDatabase } from '../../app/lifecycle/database.ts'
import { databaseNow, databaseTime } from '../../models/database-time.ts'
import { monitorCommands, monitoredUri } from '../support/app/monitor-commands.ts'

describe('databaseNow', () => {
  before(async () => connectDatabase(await monitoredUri()))
  after(() => disconnectDatabase())

  it('databaseNow – clock of the process set back an hour → time of the database', async () => {
    const { now } = Date
    Date.now = () => now() - 3_600_000
    try {
      await databaseNow()
      expect(Number(await databaseNow())).to.be.closeTo(Number(await databaseTime()), 2000)
    } finally {
      Date.now = now
    }
  })

  it('databaseNow – many calls → no command', async () => {
    await databaseNow()
    const commands = await monitorCommands(async () => {
      for (let n = 0; n < 100; n++) await databaseNow()
    })
    expect(commands).to.deep.equal([])
  })

  it('databaseNow – another connection → its clock is read', async () => {
    await databaseNow()
    await disconnectDatabase()
    await connectDatabase(await monitoredUri())
    expect(Number(await databaseNow())).to.be.closeTo(Number(await databaseTime()), 2000)
    expect(mongoose.connection.readyState).to.equal(1)
  })
})
