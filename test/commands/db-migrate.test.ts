import { expect } from 'chai'
import { nfc } from '../../app/maintenance/migrations/0005-nfc.ts'
import { MIGRATIONS, NEWEST_VERSION } from '../../app/maintenance/migrations/migrations.ts'
import { register, send } from '../support/app/client.ts'
import { CommandProxy } from '../support/app/command-proxy.ts'
import { runProcess, startProcess, waitForOutput } from '../support/app/process.ts'
import { openProduction, type Production } from '../support/app/production.ts'
import { eventually } from '../support/eventually.ts'

/** Assets of a migration that is killed after the first batches. */
const MANY = 2_500

describe('npm run db:migrate', function () {
  this.timeout(240_000)
  let production: Production

  beforeEach(async () => {
    production = await openProduction('migrate')
  })
  afterEach(() => production.close())

  const assets = () => production.connection.collection('assets')
  const schema = () => production.connection.collection<{ _id: string }>('schema')
  const record = () => schema().findOne({ _id: 'schema' })
  const start = (program: string) => runProcess(production.env, `commands/${program}.ts`)
  const migrated = () => assets().countDocuments({ pendingDeletion: { $exists: true } })

  /** Inserts assets in the form of the previous release. Every tenth one has an object to delete. */
  async function insertOlderAssets(count: number): Promise<void> {
    const trash = (n: number) =>
      n % 10 === 0 ? [{ id: `entry-${n}`, keys: [`key-${n}`], bytes: n, files: 1 }] : []
    await assets().insertMany(Array.from({ length: count }, (_, n) => ({ n, trash: trash(n) })))
  }

  /** Starts the migration and kills it before its third batch of assets. */
  async function killMigration(): Promise<void> {
    const { proxy, uri } = await CommandProxy.open(String(production.env.MONGODB_URI))
    const { signal, ended } = runProcess({ ...production.env, MONGODB_URI: uri }, 'commands/db-migrate.ts')
    let batches = 0
    proxy.fault = (command, collection) => {
      if (command !== 'update' || collection !== 'assets' || ++batches < 3) return undefined
      signal('SIGKILL')
      return 'cut'
    }
    expect(await ended).to.equal('SIGKILL')
    await proxy.close()
  }

  async function expectMigrated(count: number): Promise<void> {
    let seen = 0
    for await (const { n, trash, pendingDeletion } of assets().find()) {
      expect(pendingDeletion, `asset ${n}`).to.deep.equal(trash)
      seen++
    }
    expect(seen).to.equal(count)
    expect(await record()).to.deep.equal({ _id: 'schema', version: NEWEST_VERSION, lease: null })
  }

  it('db:migrate – killed in the middle, then two at once → one resumes it when the lease has expired, the other waits', async () => {
    await insertOlderAssets(MANY)
    await killMigration()
    expect(await migrated()).to.be.within(1, MANY - 1)
    expect(await record()).to.have.property('version', 0)
    expect(await record()).to.have.nested.property('lease.holder')

    const two = [start('db-migrate'), start('db-migrate')]
    await Promise.all(two.map((one) => waitForOutput(one, /Waiting for it/)))
    expect(await Promise.all(two.map(({ ended }) => ended))).to.deep.equal([0, 0])
    const outputs = two.map(({ output }) => output())
    expect(outputs.filter((output) => output.includes('0001-pending-deletion begins'))).to.have.length(1)
    await expectMigrated(MANY)

    expect(await production.run('db-migrate')).to.deep.equal([
      0,
      `The database has the newest schema version, ${NEWEST_VERSION}.\n`,
    ])
  })

  it('db:migrate – killed while it changes texts → a second run changes the rest', async () => {
    const count = 3000
    await schema().insertOne({ _id: 'schema', version: MIGRATIONS.indexOf(nfc), lease: null } as never)
    const raw = 'cafe\u0301'
    await assets().insertMany(
      Array.from({ length: count }, (_, n) => ({ name: `${raw} ${n}`, tags: [raw, 'café'], version: 1 })),
    )
    const changed = () => assets().countDocuments({ tags: ['café'], version: 2 })
    const killed = start('db-migrate')
    await eventually(async () => expect(await changed()).to.be.greaterThan(0), 60_000)
    killed.signal('SIGKILL')
    await killed.ended
    expect(await changed()).to.be.lessThan(count)
    // so that the next run does not wait for the end of the lease
    await schema().updateOne({ _id: 'schema' }, { $set: { lease: null } })
    expect((await production.run('db-migrate'))[0]).to.equal(0)
    expect(await changed()).to.equal(count)
    expect(await assets().countDocuments({ name: /^café \d+$/ })).to.equal(count)
  })

  it('server – older schema → starts with a warning, is ready, and serves while db:migrate runs', async () => {
    await insertOlderAssets(1000)
    expect((await production.run('db-indexes'))[0]).to.equal(0)
    const { origin, output } = await startProcess(production.env)
    await eventually(async () => expect((await fetch(`${origin}/readyz`)).status).to.equal(200), 30_000)
    expect(output()).to.contain('the database has an older schema: run `npm run db:migrate`')
    const running = start('db-migrate')
    await register(origin)
    expect([await running.ended, running.output()]).to.satisfy(([code, text]: [unknown, string]) => {
      return code === 0 && text.endsWith(`from schema version 0 to ${NEWEST_VERSION}.\n`)
    })
    await expectMigrated(1000)
    await send(`${origin}/api/assets`, {}, 200)
  })

  it('server – new database → newest schema at once, without a warning', async () => {
    const { output } = await startProcess(production.env)
    await eventually(async () =>
      expect(await record()).to.deep.equal({ _id: 'schema', version: NEWEST_VERSION, lease: null }),
    )
    expect(output()).to.not.contain('older schema')
  })

  it('server, commands – newer schema → end with exit code 1 and a clear message, change nothing', async () => {
    const newer = { _id: 'schema', version: NEWEST_VERSION + 1, lease: null }
    await schema().insertOne(newer)
    for (const program of [
      'server.ts',
      'commands/db-migrate.ts',
      'commands/db-indexes.ts',
      'commands/storage-check.ts',
    ]) {
      const { ended, output } = runProcess(production.env, program)
      expect(await ended, program).to.equal(1)
      expect(output(), program)
        .to.contain(`schema version ${newer.version}; this program supports versions up to ${NEWEST_VERSION}`)
        .and.not.contain('    at ')
    }
    expect(await schema().find().toArray()).to.deep.equal([newer])
    expect(await production.connection.listCollections()).to.have.length(1)
  })
})
