import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Connection, createConnection, Schema, Types } from 'mongoose'
import { startEmbeddedMongo } from '../embedded/mongo/start.ts'
import { say } from './harness.ts'

/** Measures the speed of the embedded database. Usage: `npx tsx bench/embedded-mongo.ts`. */

const WORDS =
  'oak chair table lamp render scan texture metal wooden robot engine wheel bridge tower glass'.split(' ')
const word = (i: number) => WORDS[i % WORDS.length]
const MANY = 100_000

const report = (label: string, figure: string) => say(`${label.padEnd(64)} ${figure}`)
const ms = (value: number) => `${value.toFixed(2)} ms`

/** Prints the mean time of one run. */
async function timed(label: string, times: number, run: (i: number) => Promise<unknown>): Promise<void> {
  for (let i = 0; i < Math.min(20, times); i += 1) await run(i) // warm-up
  const started = performance.now()
  for (let i = 0; i < times; i += 1) await run(i)
  report(label, `${ms((performance.now() - started) / times)} each`)
}

const assetSchema = new Schema({
  name: String,
  nameKey: { type: String, unique: true },
  visibility: String,
  owner: Schema.Types.ObjectId,
  tags: [String],
  size: Number,
  space: { used: Number, limit: Number },
  createdAt: Date,
})
assetSchema.index({ visibility: 1, createdAt: -1, _id: -1 })
assetSchema.index({ owner: 1, createdAt: -1, _id: -1 })

const asset = (i: number) => ({
  name: `${word(i)} ${word(i * 7 + 3)} ${i}`,
  nameKey: `asset-${i}`,
  visibility: i % 3 === 0 ? 'private' : 'public',
  owner: new Types.ObjectId((i % 50).toString(16).padStart(24, '0')),
  tags: [word(i), word(i + 5)],
  size: i,
  space: { used: 0, limit: 1e9 },
  createdAt: new Date(1.7e12 + i * 1000),
})

async function main() {
  const dir = await mkdtemp(join(tmpdir(), 'kura-bench-'))
  let server = await startEmbeddedMongo({ dir })
  let connection = createConnection(server.uri.replace('/?', '/bench?'), { maxPoolSize: 50 })
  let Asset = connection.model('Asset', assetSchema)
  await Asset.init()
  const started = performance.now()
  for (let i = 0; i < MANY; i += 5000) {
    await Asset.collection.insertMany(Array.from({ length: 5000 }, (_, j) => asset(i + j)))
  }
  report(
    `insertMany of ${MANY}, three indexes`,
    `${Math.round(MANY / ((performance.now() - started) / 1000))} a second`,
  )
  const some = await Asset.find().limit(1000).lean()
  const idOf = (i: number) => some[i % some.length]?._id
  await timed('findById through Mongoose', 1000, (i) => Asset.findById(idOf(i)))
  await timed('findOne by a unique field through Mongoose', 1000, (i) =>
    Asset.findOne({ nameKey: `asset-${i * 31}` }),
  )
  await timed('conditional update ($expr) of one document', 1000, (i) =>
    Asset.findOneAndUpdate(
      { _id: idOf(i), $expr: { $lte: [{ $add: ['$space.used', 7] }, '$space.limit'] } },
      { $inc: { 'space.used': 7 } },
    ).lean(),
  )
  const newest = { createdAt: -1, _id: -1 } as const
  await timed(`first page of 20 of ${MANY} by an index`, 300, () =>
    Asset.find({ visibility: 'public' }).sort(newest).limit(20).lean(),
  )
  const after = { createdAt: new Date(1.7e12 + 50_000_000), _id: new Types.ObjectId() }
  await timed('page of 20 from the middle (keyset)', 300, () =>
    Asset.find({
      visibility: 'public',
      createdAt: { $lte: after.createdAt },
      $or: [{ createdAt: { $lt: after.createdAt } }, { _id: { $lt: after._id } }],
    })
      .sort(newest)
      .limit(20)
      .lean(),
  )
  await timed('countDocuments of an indexed third', 20, () => Asset.countDocuments({ visibility: 'private' }))
  await timed(`$group over ${MANY}`, 5, () =>
    Asset.aggregate([{ $group: { _id: '$visibility', n: { $sum: 1 }, size: { $sum: '$size' } } }]),
  )
  await concurrently(connection.collection('inserts'))
  await connection.dropCollection('assets')
  await Asset.collection.insertMany(Array.from({ length: 10_000 }, (_, i) => asset(i)))
  await Asset.collection.createIndex({ name: 'text', tags: 'text' }, { weights: { name: 10, tags: 5 } })
  const first = performance.now()
  const search = (text: string) =>
    Asset.find({ $text: { $search: text } }, { score: { $meta: 'textScore' } })
      .sort({ score: { $meta: 'textScore' } })
      .limit(20)
      .lean()
  await search('chair')
  report('first $text over 10,000 (builds the index)', ms(performance.now() - first))
  await timed('$text over 10,000, sorted by score', 100, (i) => search(`${word(i)} ${word(i + 1)}`))
  await connection.close()
  await server.close()
  const opened = performance.now()
  server = await startEmbeddedMongo({ dir })
  report('open a directory of 10,000 + 20,000 documents', ms(performance.now() - opened))
  connection = createConnection(server.uri.replace('/?', '/bench?'))
  Asset = connection.model('Asset', assetSchema)
  await connection.asPromise()
  const dropped = performance.now()
  await connection.dropDatabase()
  report('dropDatabase of these documents', ms(performance.now() - dropped))
  await connection.close()
  await server.close()
  await rm(dir, { recursive: true })
}

/** Measures inserts by 50 concurrent writers. */
async function concurrently(collection: ReturnType<Connection['collection']>) {
  let n = 0
  const started = performance.now()
  const writer = async () => {
    while (n < 20_000) {
      n += 1
      await collection.insertOne({ n })
    }
  }
  await Promise.all(Array.from({ length: 50 }, writer))
  report(
    'acknowledged concurrent inserts, 50 writers',
    `${Math.round(n / ((performance.now() - started) / 1000))} a second`,
  )
}

await main()
