import { createHash } from 'node:crypto'
import { mongo } from 'mongoose'
import { startEmbeddedMongo } from '../../embedded/mongo/start.ts'

/**
 * Runs as a separate process until it is killed: serves a directory, writes to it without pause and reports each
 * acknowledged write to its parent. Arguments: the directory and the number of the round.
 */
const WRITERS = 8
const [dir = '', round = '0'] = process.argv.slice(2)

const server = await startEmbeddedMongo({ dir })
const client = await mongo.MongoClient.connect(server.uri, { maxPoolSize: WRITERS })
const database = client.db('crash')
const documents = database.collection<{ _id: string; text: string; hash: string }>('documents')
const counters = database.collection<{ _id: string; n: number; twin: number }>('counters')
await documents.createIndex({ hash: 1 }, { unique: true })

async function write(writer: string) {
  for (let n = 0; ; n += 1) {
    const _id = `${round}-${writer}-${n}`
    const text = _id.repeat(1 + ((n * 37) % 200))
    await documents.insertOne({ _id, text, hash: createHash('sha256').update(text).digest('hex') })
    process.send?.({ inserted: _id })
    await counters.findOneAndUpdate({ _id: writer }, { $inc: { n: 1, twin: 1 } }, { upsert: true })
    process.send?.({ counted: writer })
  }
}

for (let writer = 0; writer < WRITERS; writer += 1) void write(`w${writer}`)
