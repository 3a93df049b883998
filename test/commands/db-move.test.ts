import { randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import mongoose, { type Connection, mongo } from 'mongoose'
import { MARK } from '../../app/storage/object-store.ts'
import { startEmbeddedMongo } from '../../embedded/mongo/start.ts'
import { withDatabase } from '../embedded/engine.ts'
import { json, register, send, uploadFile } from '../support/app/client.ts'
import { CommandProxy } from '../support/app/command-proxy.ts'
import { databaseUri } from '../support/app/mongo.ts'
import { makeMongod } from '../support/app/mongod.ts'
import {
  killAll,
  runProcess,
  type ServiceProcess,
  startProcess,
  waitForOutput,
} from '../support/app/process.ts'
import { eventually } from '../support/eventually.ts'

const { Binary, Double, Int32, ObjectId } = mongo.BSON
/** Documents of a move that is killed after the first batches. */
const MANY = 2_500
const UNCHANGED = { promoteValues: false, bsonRegExp: true }

type Document = mongo.Document

/** Documents of every type of value and id that the embedded database has. */
const VARIED: Document[] = [
  { _id: new ObjectId(), i: new Int32(1), d: new Double(1), n: null, t: true },
  { _id: 'text', date: new Date(5), bytes: new Binary(randomBytes(20)), list: [1, [2], { a: [] }] },
  { _id: new Int32(7), empty: {}, nested: { b: 1, a: 2 } },
  { _id: { a: 1 }, text: 'ä\u0000ß' },
]

const textOf = (document: Document) => Buffer.from(mongo.BSON.serialize(document)).toString('base64')

describe('npm run db:move', function () {
  this.timeout(240_000)
  let folder: string
  let DATA_DIR: string
  let uri: string
  let target: Connection

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kura-move-'))
    DATA_DIR = join(folder, 'data')
    uri = withDatabase(await databaseUri(), `kura-move-${randomBytes(6).toString('hex')}`)
    target = await mongoose.createConnection(uri).asPromise()
  })
  afterEach(async () => {
    await killAll()
    await target.dropDatabase()
    await target.close()
    await rm(folder, { recursive: true, force: true })
  })

  const startMove = (to = uri, env: Record<string, string> = {}) =>
    runProcess({ DATA_DIR, ...env }, 'commands/db-move.ts', `set -- "$@" ${to && `'${to}'`}`)

  async function move(to = uri, env: Record<string, string> = {}): Promise<[unknown, string]> {
    const { ended, output } = startMove(to, env)
    const code = await ended
    expect(output()).to.not.contain('    at ')
    return [code, output()]
  }

  /** Starts a move and kills it before its third batch of assets. */
  async function killMove(): Promise<void> {
    const { proxy, uri: proxied } = await CommandProxy.open(uri)
    const { signal, ended } = startMove(proxied)
    let batches = 0
    proxy.fault = (command, collection) => {
      if (command !== 'insert' || collection !== 'assets' || ++batches < 3) return undefined
      signal('SIGKILL')
      return 'cut'
    }
    expect(await ended).to.equal('SIGKILL')
    await proxy.close()
  }

  async function stop(service: ServiceProcess): Promise<void> {
    service.signal('SIGTERM')
    expect(await service.ended).to.equal(0)
  }

  async function refused(env: Record<string, string>): Promise<string> {
    const { ended, output } = runProcess({ DATA_DIR, ...env })
    expect(await ended, output()).to.equal(1)
    expect(output()).to.not.contain('    at ')
    return output()
  }

  /** Does work on the embedded database while no service runs. */
  async function onSource<T>(work: (db: mongo.Db) => Promise<T>): Promise<T> {
    const server = await startEmbeddedMongo({ dir: join(DATA_DIR, 'mongo') })
    const client = new mongo.MongoClient(server.uri)
    try {
      return await work(client.db('kura'))
    } finally {
      await client.close()
      await server.close()
    }
  }

  /** Returns the documents of each collection in BSON, as text, because chai compares buffers byte by byte. */
  async function contentOf(db: mongo.Db): Promise<Record<string, string[]>> {
    const names = (await db.listCollections().toArray()).map(({ name }) => name as string)
    const content: Record<string, string[]> = {}
    // the target has records of its own: of the move, and of the indexes that were built there
    for (const name of names.filter((name) => !['move', 'indexRecord'].includes(name))) {
      const documents = await db.collection(name).find({}, UNCHANGED).sort({ _id: 1 }).toArray()
      if (documents.length > 0) content[name] = documents.map(textOf)
    }
    return content
  }

  const db = () => target.db as mongo.Db
  const record = () => target.collection<{ _id: string }>('move').findOne({ _id: 'move' })
  const plant = (from: number, count: number) =>
    onSource((db) =>
      db.collection('assets').insertMany(
        Array.from({ length: count }, (_, n) => ({
          name: `asset ${from + n}`,
          description: 'x'.repeat(500),
          slug: from + n,
          pendingDeletion: [],
        })),
      ),
    )

  it('db:move – stopped service → the same service on the new database, the old one refused', async () => {
    const content = randomBytes(100_000)
    const first = await startProcess({ DATA_DIR })
    const ada = await register(first.origin)
    const path = await uploadFile(ada, content)
    await stop(first)
    await onSource((db) => db.collection<Document>('varied').insertMany(VARIED))
    const before = await onSource(contentOf)

    const [code, said] = await move()
    expect(code, said).to.equal(0)
    expect(said)
      .to.match(
        /\d+ documents of \d+ collections were moved to mongodb:\/\/\S+\. Counts and checksums agree\./,
      )
      .and.contain('set MONGODB_URI to that database')
      .and.contain(`The files stay in ${join(DATA_DIR, 'objects')}`)
      .and.contain(join(DATA_DIR, 'jwt-secret'))
    expect(await contentOf(db())).to.deep.equal(before)
    expect(await record()).to.include({ state: 'complete' })
    const mark = await readFile(join(DATA_DIR, 'objects', MARK), 'utf8')
    expect(await target.collection('installation').findOne()).to.include({ id: mark.trim() })

    // production builds no indexes
    const JWT_SECRET = (await readFile(join(DATA_DIR, 'jwt-secret'), 'utf8')).trim()
    const second = await startProcess({ DATA_DIR, MONGODB_URI: uri, NODE_ENV: 'production', JWT_SECRET })
    await register(second.origin)
    const client = { ...ada, origin: second.origin }
    await uploadFile(client, randomBytes(100))
    const answer = await fetch(`${second.origin}${path}`, {
      headers: { Authorization: `Bearer ${ada.token}` },
    })
    expect(content.equals(Buffer.from(await answer.arrayBuffer()))).to.equal(true)

    expect(await refused({})).to.match(
      /was moved to mongodb:\S+ at 20\S+\. Set MONGODB_URI to that database\./,
    )
    expect(await onSource(contentOf)).to.deep.equal(before)
    const [again, why] = await move()
    expect([again, why]).to.deep.equal([1, why])
    expect(why).to.contain('This database was already moved to mongodb://')
  })

  it('db:move – killed in the middle → service refused on the new database, continued, everything is there', async () => {
    await plant(0, MANY)
    await killMove()
    expect(await target.collection('assets').countDocuments()).to.be.within(1000, MANY - 1)
    expect(await refused({ MONGODB_URI: uri })).to.contain(
      'Run the command again with the same address to continue',
    )

    const [code, said] = await move()
    expect(code, said).to.equal(0)
    expect(await contentOf(db())).to.deep.equal(await onSource(contentOf))
    expect(await target.collection('assets').countDocuments()).to.equal(MANY)
  })

  it('db:move – source or copy changed since the interruption → copied again, exact', async () => {
    await plant(0, MANY)
    await onSource((db) => db.collection('aaa').insertOne({ copied: 'first' }))
    await killMove()
    expect(await target.collection('assets').countDocuments()).to.be.within(1000, MANY - 1)
    await target.collection('assets').updateOne({ slug: 700 }, { $set: { name: 'damaged' } })
    await onSource(async (db) => {
      await db.dropCollection('aaa')
      await db.collection('assets').deleteMany({ slug: { $lt: 500 } })
      await db.collection('assets').updateMany({ slug: { $in: [600, 2400] } }, { $set: { name: 'changed' } })
    })
    await plant(MANY, 10)
    const [code, said] = await move()
    expect(code, said).to.equal(0)
    expect(await contentOf(db())).to.deep.equal(await onSource(contentOf))
    expect(await target.collection('assets').countDocuments()).to.equal(MANY - 490)
    expect(await target.collection('assets').findOne({ slug: 700 })).to.include({ name: 'asset 700' })
  })

  it('db:move – service is running → refused, nothing is copied', async () => {
    const service = await startProcess({ DATA_DIR })
    await register(service.origin)
    const [code, said] = await move()
    expect([code, said]).to.deep.equal([
      1,
      `Stop the service first: the database in ${join(DATA_DIR, 'mongo')} is in use by process ${service.pid}.\n`,
    ])
    expect(await db().listCollections().toArray()).to.deep.equal([])
  })

  it('db:move – wrong argument, or no database → exit 1, nothing is created', async () => {
    expect(await move('')).to.deep.equal([1, 'Name the new database: npm run db:move -- MONGODB_URI\n'])
    expect(await move(`${uri}' 'more`)).to.deep.equal([
      1,
      'Name the new database: npm run db:move -- MONGODB_URI\n',
    ])
    expect(await move('--all')).to.deep.equal([
      1,
      "Unknown option '--all'. Name the new database: npm run db:move -- MONGODB_URI\n",
    ])
    expect((await move('http://example.org'))[1]).to.contain('MONGODB_URI must be an address')
    expect(await move()).to.deep.equal([
      1,
      `There is no database in ${join(DATA_DIR, 'mongo')}. Check DATA_DIR.\n`,
    ])
    expect(await db().listCollections().toArray()).to.deep.equal([])
  })

  it('db:move – target has documents, or is the source → refused, unchanged', async () => {
    await plant(0, 3)
    await target.collection('others').insertOne({ a: 1 })
    const [code, said] = await move()
    expect([code, said]).to.deep.equal([1, said])
    expect(said).to.match(/is not empty: it has documents in others\. Drop that database/)
    expect(Object.keys(await contentOf(db()))).to.deep.equal(['others'])

    const own = `mongodb://${encodeURIComponent(join(DATA_DIR, 'mongo/mongo.sock'))}/kura?directConnection=true`
    expect((await move(own))[1]).to.contain('is the database that should be moved')
    expect(await onSource((db) => db.collection('assets').countDocuments())).to.equal(3)
    await stop(await startProcess({ DATA_DIR }))
  })

  it('db:move – target of another move → refused', async () => {
    await plant(0, 3)
    expect((await move())[0]).to.equal(0)
    DATA_DIR = join(folder, 'other')
    await plant(0, 3)
    const [code, said] = await move()
    expect(code).to.equal(1)
    expect(said).to.contain('is the target of a move of another database')
  })

  it('db:move mongod – embedded database with data → the mongod has it; then to a server', async () => {
    const first = await startProcess({ DATA_DIR })
    const ada = await register(first.origin)
    await uploadFile(ada, randomBytes(100))
    await stop(first)
    const env = { KURA_MONGOD: await makeMongod(join(folder, 'bin')) }
    const [code, said] = await move('mongod', env)
    expect(code, said).to.equal(0)
    expect(said).to.contain('It uses this mongod from now on.')

    const second = await startProcess({ DATA_DIR, ...env })
    expect(second.output()).to.contain('database  MongoDB 7.0.99')
    const login = json({ login: ada.username, password: ada.password })
    await eventually(() => send(`${second.origin}/api/auth/login`, login, 200), 20_000)
    await uploadFile({ ...ada, origin: second.origin }, randomBytes(100))
    await stop(second)
    expect(await refused({})).to.contain(`was moved to the mongod in ${join(DATA_DIR, 'mongod')}`)

    const [moved, why] = await move(uri, env)
    expect(moved, why).to.equal(0)
    expect(await refused(env)).to.contain('was moved to mongodb://')
    const third = await startProcess({ DATA_DIR, MONGODB_URI: uri })
    await uploadFile({ ...ada, origin: third.origin }, randomBytes(100))
  })

  it('db:move – password in the address → neither printed nor stored', async () => {
    await plant(0, 3)
    const { ended, output } = startMove('mongodb://ada:hunter2@127.0.0.1:1/kura?serverSelectionTimeoutMS=300')
    expect(await ended).to.equal(1)
    expect(output()).to.contain('The database cannot be reached').and.not.contain('hunter2')
    await waitForOutput(await startProcess({ DATA_DIR }), /Trial storage/)
  })
})
