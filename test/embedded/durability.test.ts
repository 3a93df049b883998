import { type ChildProcess, fork } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, readFile, rmdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { mongo } from 'mongoose'
import { findRunningMongo, startEmbeddedMongo } from '../../embedded/mongo/start.ts'
import { eventually } from '../support/eventually.ts'
import { type Document, socketOf, temporaryDirectory } from './engine.ts'

const ROUNDS = Number(process.env.CRASH_ROUNDS ?? 2)
const WRITER = fileURLToPath(new URL('./crash-writer.ts', import.meta.url))

describe('durability of the embedded database', () => {
  let directory: Awaited<ReturnType<typeof temporaryDirectory>>
  let dir: string

  beforeEach(async () => {
    directory = await temporaryDirectory()
    dir = directory.path
  })
  afterEach(() => directory.remove())

  /** Runs a step while the directory is served. */
  async function serving<T>(
    step: (database: mongo.Db, uri: string) => Promise<T>,
    ttlSeconds = 60,
  ): Promise<T> {
    const server = await startEmbeddedMongo({ dir, ttlSeconds })
    const client = await mongo.MongoClient.connect(server.uri)
    try {
      return await step(client.db('kept'), server.uri)
    } finally {
      await client.close()
      await server.close()
    }
  }

  it('restart – documents, indexes, dropped collections → unchanged', async () => {
    const options = { unique: true, partialFilterExpression: { n: { $gt: 1 } } }
    const specs = await serving(async (database) => {
      const docs = database.collection('docs')
      await docs.insertMany(
        Array.from({ length: 300 }, (_, n) => ({ n, at: new Date(n), tags: [n, 'x'], none: null })),
      )
      await docs.createIndex({ n: 1 }, options)
      await docs.createIndex({ at: 1 }, { expireAfterSeconds: 1e9 })
      await docs.createIndex({ title: 'text' })
      await docs.deleteMany({ n: { $lt: 10 } })
      await docs.updateOne({ n: 20 }, { $set: { changed: true } })
      await database.collection('gone').insertOne({})
      await database.dropCollection('gone')
      return docs.indexes()
    })
    await serving(async (database) => {
      const docs = database.collection('docs')
      const found = await docs.find().toArray()
      expect(found.map(({ n }) => n)).to.deep.equal(Array.from({ length: 290 }, (_, i) => i + 10))
      expect(found[10]).to.deep.include({
        n: 20,
        at: new Date(20),
        tags: [20, 'x'],
        none: null,
        changed: true,
      })
      expect(await docs.indexes()).to.deep.equal(specs)
      const error = await docs.insertOne({ n: 30 }).catch((e: unknown) => e)
      expect(error).to.have.property('code', 11000)
      expect((await database.listCollections().toArray()).map(({ name }) => name)).to.deep.equal(['docs'])
      await docs.insertOne({ n: 1000 })
    })
    await serving(async (database) => {
      expect(await database.collection('docs').countDocuments()).to.equal(291)
    })
  })

  it('dropDatabase – restart → no collection', async () => {
    await serving(async (database) => {
      await database.collection('a').insertMany([{}, {}])
      await database.collection('b').createIndex({ x: 1 })
      await database.dropDatabase()
    })
    await serving(async (database) => {
      expect(await database.listCollections().toArray()).to.deep.equal([])
      expect(await database.collection('a').countDocuments()).to.equal(0)
    })
  })

  it('expiry – dates, earliest date of an array → only expired documents removed', async () => {
    await serving(async (database) => {
      const sessions = database.collection<Document>('sessions')
      await sessions.createIndex({ expires: -1 }, { expireAfterSeconds: 0 })
      const [past, future] = [new Date(Date.now() - 1000), new Date(Date.now() + 1e7)]
      const dates = [past, future, [future, past], null, 'past', 0, undefined]
      const docs = dates.map((expires, _id): Document => ({ _id, ...(expires !== undefined && { expires }) }))
      await sessions.insertMany(docs)
      await eventually(async () => {
        expect(await sessions.distinct('_id')).to.deep.equal([1, 3, 4, 5, 6])
      })
    }, 0.05)
  })

  describe('lock of the directory', () => {
    it('start – directory in use → error with its process id; closed → starts', async () => {
      await serving(async () => {
        const error = await startEmbeddedMongo({ dir }).catch((e: unknown) => e)
        expect(error).to.include({ name: 'DirectoryInUse', pid: process.pid })
        expect(String(error)).to.contain(`in use by process ${process.pid}`)
      })
      await serving(async () => {})
    })

    it('start – server cannot listen → lock released', async () => {
      await mkdir(join(dir, 'mongo.sock'))
      const error = await startEmbeddedMongo({ dir }).catch((e: unknown) => e)
      expect(error)
        .to.have.property('code')
        .that.matches(/EISDIR/)
      await rmdir(join(dir, 'mongo.sock'))
      await serving(async () => {})
    })
  })

  describe('address of the running server', () => {
    it('findRunningMongo – server answers → address; stopped → none', async () => {
      expect(await findRunningMongo(dir)).to.equal(null)
      const address = join(dir, 'address.json')
      const left = await serving(async (_database, uri) => {
        expect(await findRunningMongo(dir)).to.equal(uri)
        expect(uri).to.match(/^mongodb:\/\/%2F\S+mongo\.sock\/\?directConnection=true&retryWrites=false$/)
        return readFile(address, 'utf8')
      })
      expect(await findRunningMongo(dir)).to.equal(null)
      await writeFile(address, left)
      expect(await findRunningMongo(dir)).to.equal(null)
      const other = await temporaryDirectory()
      const stranger = await startEmbeddedMongo({ dir: other.path })
      await writeFile(address, JSON.stringify({ ...JSON.parse(left), socket: socketOf(stranger.uri) }))
      expect(await findRunningMongo(dir)).to.equal(null)
      await stranger.close()
      await other.remove()
    })
  })

  it(`kill -9 – ${ROUNDS} times while writing → every acknowledged write stored completely`, async function () {
    this.timeout(60_000 * ROUNDS)
    const inserted = new Set<string>()
    const counted = new Map<string, number>()
    for (let round = 0; round < ROUNDS; round += 1) {
      const child = fork(WRITER, [dir, String(round)], { execArgv: ['--import', 'tsx'] })
      const before = inserted.size
      child.on('message', (told: { inserted?: string; counted?: string }) => {
        if (told.inserted) inserted.add(told.inserted)
        if (told.counted) counted.set(told.counted, (counted.get(told.counted) ?? 0) + 1)
      })
      await written(child, () => inserted.size - before)
      if (round === 0) {
        const refusal = await startEmbeddedMongo({ dir }).catch((e: unknown) => e)
        expect(refusal).to.include({ name: 'DirectoryInUse', pid: child.pid })
      }
      const gone = once(child, 'close')
      child.kill('SIGKILL')
      await gone
      await checkAll(inserted, counted)
    }
  })

  /** Waits until the child has acknowledged enough writes. Throws if it dies before. */
  async function written(child: ChildProcess, writes: () => number) {
    const died = once(child, 'exit').then(([code]) => {
      throw new Error(`the writer ended by itself: ${code}`)
    })
    await Promise.race([died, eventually(async () => expect(writes()).to.be.greaterThan(150), 30_000)])
    died.catch(() => undefined)
  }

  async function checkAll(inserted: ReadonlySet<string>, counted: ReadonlyMap<string, number>) {
    const server = await startEmbeddedMongo({ dir })
    const client = await mongo.MongoClient.connect(server.uri)
    try {
      const database = client.db('crash')
      const stored = await database.collection<Document>('documents').find().toArray()
      const ids = new Set(stored.map(({ _id }) => String(_id)))
      expect([...inserted].filter((id) => !ids.has(id))).to.deep.equal([])
      for (const { _id, text, hash } of stored) {
        expect(text.startsWith(String(_id))).to.equal(true)
        expect(createHash('sha256').update(text).digest('hex')).to.equal(hash)
      }
      for (const { _id, n, twin } of await database.collection<Document>('counters').find().toArray()) {
        expect(n).to.equal(twin)
        expect(n).to.be.at.least(counted.get(String(_id)) ?? 0)
      }
      const again = database.collection('documents').insertOne({ hash: stored[0]?.hash })
      expect(await again.catch((e: unknown) => e)).to.have.property('code', 11000)
    } finally {
      await client.close()
      await server.close()
    }
  }
})
