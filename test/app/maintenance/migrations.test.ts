import { randomBytes } from 'node:crypto'
import { expect } from 'chai'
import mongoose from 'mongoose'
import { connectDatabase, disconnectDatabase } from '../../../app/lifecycle/database.ts'
import { LeaseLost } from '../../../app/maintenance/migrations/lease.ts'
import { migrate } from '../../../app/maintenance/migrations/migrate.ts'
import type { Migration, MigrationContext } from '../../../app/maintenance/migrations/migration.ts'
import { MIGRATIONS, NEWEST_VERSION } from '../../../app/maintenance/migrations/migrations.ts'
import { NewerSchema } from '../../../app/maintenance/migrations/schema.ts'
import { SchemaVersion } from '../../../models/schema-version.ts'
import { databaseUri } from '../../support/app/mongo.ts'
import { eventually } from '../../support/eventually.ts'

describe('migrations', function () {
  this.timeout(60_000)
  let name: string
  let ran: string[]
  let reported: string[]

  const connect = async () => connectDatabase(await databaseUri(), name)
  const report = (line: string) => void reported.push(line)
  const schema = () => mongoose.connection.collection<{ _id: string }>('schema')
  const record = () => schema().findOne({ _id: 'schema' })
  const setRecord = (fields: object) =>
    schema().updateOne({ _id: 'schema' }, { $set: fields }, { upsert: true })
  const makeUsed = () => mongoose.connection.collection('users').insertOne({ username: 'ada' })
  const inMs = (ms: number) => new Date(Date.now() + ms)

  function migration(
    name: string,
    work: (context: MigrationContext) => Promise<void> = async () => undefined,
  ) {
    return {
      name,
      async up(context: MigrationContext) {
        ran.push(name)
        await work(context)
      },
    } satisfies Migration
  }

  beforeEach(async () => {
    name = `kura-migrate-${randomBytes(6).toString('hex')}`
    ran = []
    reported = []
    await connect()
  })
  afterEach(async () => {
    await mongoose.connection.dropDatabase()
    await disconnectDatabase()
  })

  it('MIGRATIONS – names → unique, numbered by their versions', () => {
    const numbers = MIGRATIONS.map(({ name }) => Number(/^\d{4}/.exec(name)?.[0]))
    expect(numbers).to.deep.equal(MIGRATIONS.map((_migration, index) => index + 1))
    expect(NEWEST_VERSION).to.equal(MIGRATIONS.length)
  })

  it('migrate – database without documents → newest version, no migration runs', async () => {
    const migrations = [migration('a'), migration('b')]
    expect(await migrate({ report, migrations })).to.deep.equal({ from: 2, to: 2 })
    expect(ran).to.deep.equal([])
    expect(await record()).to.deep.equal({ _id: 'schema', version: 2, lease: null })
  })

  it('migrate – used database without a version → every migration once, in order; repeated → none', async () => {
    await makeUsed()
    const migrations = [migration('a'), migration('b')]
    expect(await migrate({ report, migrations })).to.deep.equal({ from: 0, to: 2 })
    expect(ran).to.deep.equal(['a', 'b'])
    expect(await record()).to.deep.equal({ _id: 'schema', version: 2, lease: null })

    expect(await migrate({ report, migrations })).to.deep.equal({ from: 2, to: 2 })
    expect(await migrate({ report, migrations: [...migrations, migration('c')] })).to.deep.equal({
      from: 2,
      to: 3,
    })
    expect(ran).to.deep.equal(['a', 'b', 'c'])
  })

  it('migrate – a migration fails → its version is not recorded, the next run repeats it at once', async () => {
    await makeUsed()
    let broken = true
    const migrations = [
      migration('a'),
      migration('b', async () => {
        if (broken) throw new Error('The disk is full.')
      }),
    ]
    const error = await migrate({ report, migrations }).catch((thrown: Error) => thrown)
    expect(error)
      .to.be.instanceOf(Error)
      .with.property('message')
      .that.contains('b')
      .and.contains('disk is full')
    expect(await record()).to.deep.equal({ _id: 'schema', version: 1, lease: null })

    broken = false
    expect(await migrate({ report, migrations })).to.deep.equal({ from: 1, to: 2 })
    expect(ran).to.deep.equal(['a', 'b', 'b'])
  })

  it('migrate – two runs at once → one works, the other waits, nothing runs twice', async () => {
    await makeUsed()
    let finish = () => {}
    const finished = new Promise<void>((resolve) => {
      finish = resolve
    })
    const migrations = [migration('a', () => finished), migration('b')]
    const runs = [migrate({ report, migrations }), migrate({ report, migrations })]
    await eventually(() => expect(reported.join()).to.contain('Waiting for it'))
    await eventually(() => expect(ran).to.deep.equal(['a']))
    finish()
    expect(await Promise.all(runs)).to.deep.equal([
      { from: 0, to: 2 },
      { from: 0, to: 2 },
    ])
    expect(ran).to.deep.equal(['a', 'b'])
  })

  it('migrate – lease of a dead process → taken over after it has expired', async () => {
    await makeUsed()
    const free = Date.now() + 2000
    await setRecord({ version: 1, lease: { holder: 'dead', expiresAt: new Date(free) } })
    const migrations = [
      migration('a'),
      migration('b', async () => void expect(Date.now()).to.be.at.least(free)),
    ]
    expect(await migrate({ report, migrations })).to.deep.equal({ from: 1, to: 2 })
    expect(reported.join()).to.contain('Waiting for it')
    expect(ran).to.deep.equal(['b'])
  })

  it('migrate – another process takes over → the batches stop and no version is recorded', async () => {
    await makeUsed()
    const other = { holder: 'other', expiresAt: inMs(60_000) }
    const migrations = [
      migration('a', async ({ checkpoint }) => {
        checkpoint()
        await setRecord({ lease: other })
        await eventually(() => expect(checkpoint).to.throw(LeaseLost), 20_000)
        checkpoint()
      }),
    ]
    expect(await migrate({ report, migrations }).catch((error) => error)).to.be.instanceOf(LeaseLost)
    expect(await record()).to.deep.equal({ _id: 'schema', version: 0, lease: other })

    await setRecord({ lease: null })
    const noCheckpoint = [migration('a', async () => void (await setRecord({ lease: other })))]
    const error = await migrate({ report, migrations: noCheckpoint }).catch((thrown) => thrown)
    expect(error).to.be.instanceOf(LeaseLost)
    expect(await record()).to.deep.equal({ _id: 'schema', version: 0, lease: other })
  })

  it('migrate – long migration → the heartbeat renews the lease', async () => {
    await makeUsed()
    const expiry = async () => (await SchemaVersion.findById('schema').lean())?.lease?.expiresAt ?? null
    const migrations = [
      migration('a', async ({ checkpoint }) => {
        const first = await expiry()
        await eventually(async () => expect(await expiry()).to.be.greaterThan(first as Date), 20_000)
        checkpoint()
      }),
    ]
    await migrate({ report, migrations })
    expect(await record()).to.deep.equal({ _id: 'schema', version: 1, lease: null })
  })

  it('connectDatabase, migrate – newer schema → refused, nothing changed', async () => {
    await makeUsed()
    await setRecord({ version: NEWEST_VERSION + 1, lease: null })
    expect(await migrate({ report }).catch((error) => error)).to.be.instanceOf(NewerSchema)
    await disconnectDatabase()
    expect(await connect().catch((error) => error)).to.be.instanceOf(NewerSchema)
    expect(mongoose.connection.readyState).to.equal(0)

    await mongoose.connect(await databaseUri(), { dbName: name })
    expect(await record()).to.deep.equal({ _id: 'schema', version: NEWEST_VERSION + 1, lease: null })
  })
})
