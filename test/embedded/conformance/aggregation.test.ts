import { expect } from 'chai'
import { type Document, openDatabase } from '../engine.ts'
import { docs, joined, refusedPipelines } from './aggregation-cases.ts'
import { expressions, refusedExpressions } from './expression-cases.ts'
import { grouping } from './grouping-cases.ts'
import { codeOf } from './refusal.ts'
import { reshaping } from './reshaping-cases.ts'

const pipelines = [...grouping, ...reshaping]

describe('Aggregation', () => {
  let database: Awaited<ReturnType<typeof openDatabase>>
  const run = (pipeline: Document[]) => database.connection.collection('docs').aggregate(pipeline).toArray()

  before(async () => {
    database = await openDatabase()
    await database.connection.collection<Document>('docs').insertMany(docs)
    await database.connection.collection<Document>('LOOK').insertMany(joined)
  })
  after(() => database.close())

  it('answers pipelines', async () => {
    for (const [pipeline, expected] of pipelines) {
      expect(await run(pipeline), JSON.stringify(pipeline)).to.deep.equal(expected)
    }
  })

  it('evaluates expressions', async () => {
    for (const [x, values] of expressions) {
      const found = await run([{ $sort: { _id: 1 } }, { $project: { x } }])
      const expected = values.length === 1 ? docs.map(() => values[0]) : values
      expect(
        found.map((doc) => doc.x),
        JSON.stringify(x),
      ).to.deep.equal(expected)
    }
  })

  it('refuses what is wrong', async () => {
    for (const [pipeline, code] of refusedPipelines) {
      expect(await codeOf(run(pipeline)), JSON.stringify(pipeline)).to.equal(code)
    }
    for (const [x, code] of refusedExpressions) {
      expect(await codeOf(run([{ $project: { x } }])), JSON.stringify(x)).to.equal(code)
    }
  })

  it('changes no stored document', async () => {
    for (const [pipeline] of pipelines) await run(pipeline)
    expect(await run([{ $sort: { _id: 1 } }])).to.deep.equal(docs)
  })

  it('uses variables of the caller', async () => {
    const found = await database.connection
      .collection('docs')
      .aggregate([{ $match: { $expr: { $gt: ['$n', '$$least'] } } }, { $sort: { _id: 1 } }], {
        let: { least: 4 },
      })
      .toArray()
    expect(found.map(({ _id }) => _id)).to.deep.equal([1, 2])
  })
})
