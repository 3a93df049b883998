import { expect } from 'chai'
import { type Document, openDatabase } from '../engine.ts'
import { docs, expressions, pipelines } from './aggregation-cases.ts'
import { codeOf } from './refusal.ts'

describe('Aggregation', () => {
  let database: Awaited<ReturnType<typeof openDatabase>>
  const run = (pipeline: Document[]) => database.connection.collection('docs').aggregate(pipeline).toArray()

  before(async () => {
    database = await openDatabase()
    await database.connection.collection<Document>('docs').insertMany(docs)
  })
  after(() => database.close())

  it('aggregate – pipelines → as MongoDB', async () => {
    for (const [pipeline, expected] of pipelines) {
      expect(await run(pipeline), JSON.stringify(pipeline)).to.deep.equal(expected)
    }
  })

  it('aggregate – expressions → as MongoDB', async () => {
    for (const [x, values] of expressions) {
      const found = await run([{ $sort: { _id: 1 } }, { $project: { x } }])
      const expected = values.length === 1 ? docs.map(() => values[0]) : values
      expect(
        found.map((doc) => doc.x),
        JSON.stringify(x),
      ).to.deep.equal(expected)
    }
  })

  it('aggregate – invalid stages → error code', async () => {
    expect(await codeOf(run([{ $project: { x: { $eq: [1] } } }]))).to.equal(16020)
    expect(await codeOf(run([{ $project: { x: { $add: ['$s', 1] } } }]))).to.equal(14)
  })

  it('aggregate – all pipelines → stored documents unchanged', async () => {
    for (const [pipeline] of pipelines) await run(pipeline)
    expect(await run([{ $sort: { _id: 1 } }])).to.deep.equal(docs)
  })
})
