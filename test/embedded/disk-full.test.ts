import { expect } from 'chai'
import { mongo } from 'mongoose'
import { startEmbeddedMongo } from '../../embedded/mongo/start.ts'
import { eventually } from '../support/eventually.ts'
import { temporaryDirectory } from './engine.ts'

const MB = 1_000_000

describe('embedded database on a full disk', () => {
  it('insert, growing update – disk nearly full → 14031 after 1 and 2 MB; reads, removals and small changes go on', async () => {
    const { path: dir, remove } = await temporaryDirectory()
    let free = 100 * MB
    const server = await startEmbeddedMongo({ dir, freeBytes: () => free })
    const client = await mongo.MongoClient.connect(server.uri)
    const things = client.db('full').collection<{ _id: number; text: string; n?: number }>('things')
    const text = 'x'.repeat(100_000)
    const codeOf = (write: Promise<unknown>) =>
      write.then(
        () => 0,
        ({ code }) => code,
      )
    try {
      for (let _id = 0; _id < 20; _id++) await things.insertOne({ _id, text })
      free = 15 * MB
      let inserted = 0
      while ((await codeOf(things.insertOne({ _id: 100 + inserted, text }))) === 0) inserted += 1
      expect(inserted).to.equal(9)
      expect(await codeOf(things.insertOne({ _id: 999, text }))).to.equal(14031)
      let grown = 0
      while ((await codeOf(things.updateOne({ _id: grown }, { $set: { text: text + text } }))) === 0)
        grown += 1
      expect(grown).to.be.within(9, 11)
      expect(await codeOf(things.updateOne({ _id: 19 }, { $set: { text: 'short' } }))).to.equal(0)
      expect(await codeOf(things.deleteOne({ _id: 0 }))).to.equal(0)
      expect(await things.countDocuments()).to.equal(28)
      expect(await things.findOne({ _id: 999 })).to.equal(null)

      free = 20 * MB
      expect(await codeOf(things.insertOne({ _id: 999, text }))).to.equal(14031)
      free = 100 * MB
      await eventually(async () => expect(await codeOf(things.insertOne({ _id: 999, text }))).to.equal(0))
    } finally {
      await client.close()
      await server.close()
    }
    const again = await startEmbeddedMongo({ dir })
    const reader = await mongo.MongoClient.connect(again.uri)
    const found = await reader
      .db('full')
      .collection<{ _id: number; text: string }>('things')
      .findOne({ _id: 19 })
    expect(found?.text).to.equal('short')
    await reader.close()
    await again.close()
    await remove()
  })
})
