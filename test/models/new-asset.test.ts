import { expect } from 'chai'
import { Types } from 'mongoose'
import { Asset } from '../../models/asset.ts'
import { newAsset } from '../../models/new-asset.ts'
import { startApp, type TestApp } from '../support/app/app.ts'

describe('newAsset', () => {
  let app: TestApp
  before(async () => {
    app = await startApp()
  })
  after(() => app.stop())

  const minimal = () => ({ _id: new Types.ObjectId(), owner: new Types.ObjectId(), state: 'ready' as const })
  const whole = () => ({
    ...minimal(),
    name: 'Oak chair',
    nameKey: 'oak chair',
    words: { name: 'oak chair', tags: ['oak'], description: '' },
    tags: ['oak'],
    files: [
      { id: 'a', key: 'k', size: 3, name: 'a.bin', mediaType: 'x/y', media: 'other' as const, sha256: 'ff' },
    ],
    cover: { id: 'c', key: 'l', size: 1, mediaType: 'image/webp', width: 1, height: 2, sha256: 'ee' },
    jobs: { cover: { at: new Date(0), starts: 1 } },
    unsettled: [{ id: 'u', bytes: 4, files: 1 }],
    createdAt: new Date(1000),
  })

  for (const [condition, given] of [
    ['only the required fields', minimal],
    ['files, cover and job', whole],
  ] as const)
    it(`insert – ${condition} → the same document as by Mongoose`, async () => {
      const fields = given()
      await Asset.collection.insertOne(newAsset(fields))
      const stored = await Asset.findById(fields._id).lean()
      await Asset.deleteOne({ _id: fields._id })
      await Asset.create(fields)
      const expected = await Asset.findById(fields._id).lean()
      const withoutTimes = { createdAt: null, updatedAt: null }
      const times = 'createdAt' in fields ? {} : withoutTimes
      expect({ ...stored, ...times }).to.deep.equal({ ...expected, ...times })
      await new Asset(stored ?? {}).validate()
    })

  it('createdAt – not given → the clock of the timestamps', () => {
    const { createdAt, updatedAt } = newAsset(minimal())
    expect(app.clock.now().getTime() - createdAt.getTime()).to.be.within(0, 1000)
    expect(updatedAt).to.deep.equal(createdAt)
  })
})
