import { randomUUID } from 'node:crypto'
import { expect } from 'chai'
import { connectDatabase, disconnectDatabase } from '../../../app/lifecycle/database.ts'
import { Capacity } from '../../../models/capacity.ts'
import type { Bounds } from '../../../models/plugins/ledger-changes.ts'
import type { NewEntry } from '../../../models/plugins/space.ts'
import { monitorCommands, monitoredUri } from '../../support/app/monitor-commands.ts'

const LEDGER = 'groups'
const QUOTA = { limit: 0, fileLimit: 100 }

describe('changes of a ledger by uploads that arrive together', () => {
  before(async () => {
    await connectDatabase(await monitoredUri())
  })
  after(async () => {
    await Capacity.deleteOne({ _id: LEDGER })
    await disconnectDatabase()
  })
  beforeEach(async () => {
    await Capacity.deleteOne({ _id: LEDGER })
    await Capacity.create({ _id: LEDGER, space: { limit: 1000 } })
  })

  const entriesOf = (count: number, more: Partial<NewEntry> = {}): NewEntry[] =>
    Array.from({ length: count }, () => ({ id: randomUUID(), bytes: 100, slack: 0, files: 1, ...more }))
  const reserveAll = async (entries: NewEntry[], bounds?: Bounds) => {
    const states = await Promise.all(entries.map((entry) => Capacity.reserve(LEDGER, entry, QUOTA, bounds)))
    return entries.filter((_, i) => states[i] !== null)
  }
  const settleAll = (entries: NewEntry[], reserved = 100) =>
    Promise.all(
      entries.map(({ id }) =>
        Capacity.settle(LEDGER, id, { bytes: 60, files: 1 }, { bytes: reserved, files: 1 }),
      ),
    )

  it('ledger – 8 uploads that fit → one command opens them, one closes them', async () => {
    await reserveAll(entriesOf(1, { bytes: 0, files: 0 })) // reads the time of the database
    const entries = entriesOf(8)
    const commands = await monitorCommands(async () => {
      expect(await reserveAll(entries)).to.deep.equal(entries)
      await settleAll(entries)
    })
    expect(commands).to.deep.equal(['capacity.findAndModify', 'capacity.findAndModify'])
    expect(await Capacity.spaceOf(LEDGER)).to.deep.include({
      used: 480,
      reserved: 0,
      files: 8,
      reservedFiles: 0,
    })
  })

  const LIMITS: [what: string, more: Partial<NewEntry>, bounds: Bounds, fit: number][] = [
    ['bytes', {}, {}, 10],
    ['files', { bytes: 1, files: 30 }, {}, 3],
    ['free files', { bytes: 1, files: 10 }, { freeFiles: 60 }, 5],
    ['open entries', { bytes: 1 }, { mostOpen: 4 }, 4],
    ['bytes that are needed later', { bytes: 400 }, { least: 1001 }, 0],
  ]
  for (const [what, more, bounds, fit] of LIMITS)
    it(`ledger – 12 uploads at the limit of ${what} → exactly as many as fit`, async () => {
      const opened = await reserveAll(entriesOf(12, more), bounds)
      expect(opened).to.have.length(fit)
      const { bytes = 100, files = 1 } = more
      const space = await Capacity.spaceOf(LEDGER)
      expect(space).to.include({ reserved: fit * bytes, reservedFiles: fit * files })
      expect(space?.uploads.map(({ id }) => id)).to.have.members(opened.map(({ id }) => id))
    })

  it('ledger – one of them has grown, one is closed → each is closed once', async () => {
    const entries = entriesOf(6)
    await reserveAll(entries)
    const [grown, closed] = entries as [NewEntry, NewEntry]
    await Capacity.extend(LEDGER, grown.id, 200, QUOTA)
    await settleAll([closed])
    const states = await settleAll(entries)
    expect(states.map((state) => state !== null)).to.deep.equal([true, false, true, true, true, true])
    expect(await Capacity.spaceOf(LEDGER)).to.deep.include({
      used: 360,
      reserved: 0,
      files: 6,
      reservedFiles: 0,
      uploads: [],
    })
  })
})
