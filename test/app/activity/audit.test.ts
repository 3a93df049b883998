import { expect } from 'chai'
import mongoose, { Types } from 'mongoose'
import { pino } from 'pino'
import { createAudit } from '../../../app/activity/audit.ts'
import { systemClock } from '../../../app/clock.ts'
import '../../../app/lifecycle/database.ts'
import { loadConfig } from '../../../config/env.ts'

describe('audit', () => {
  it('audit – record cannot be written → the whole entry is logged, no error', async () => {
    const lines: string[] = []
    const log = pino({ level: 'info' }, { write: (line: string) => lines.push(line) })
    const audit = createAudit({ clock: systemClock, config: loadConfig({}), log })
    const user = new Types.ObjectId()
    expect(mongoose.connection.readyState, 'no database').to.equal(0)
    await audit({ action: 'asset.deleted', user, target: { type: 'asset', id: 'a1' } })
    expect(lines).to.have.length(1)
    const line = JSON.parse(String(lines[0]))
    expect(line).to.include({ level: 50, msg: 'an activity could not be recorded' })
    expect(line.err.stack).to.be.a('string')
    expect(line.activity).to.deep.include({ action: 'asset.deleted', target: { type: 'asset', id: 'a1' } })
    expect(line.activity.user).to.equal(user.toString())
  })
})
