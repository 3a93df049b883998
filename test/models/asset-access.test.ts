import { expect } from 'chai'
import { Types } from 'mongoose'
import { Asset, type AssetFields } from '../../models/asset.ts'
import { readableAsset, type Viewer, visibleAsset } from '../../models/asset-access.ts'
import { SCOPES } from '../../models/asset-criteria.ts'
import { searchAssets } from '../../models/asset-search.ts'
import { startApp, type TestApp } from '../support/app/app.ts'
import { insertAsset } from '../support/app/assets.ts'
import { monitorCommands, monitoredUri } from '../support/app/monitor-commands.ts'

describe('readers with principals', () => {
  let app: TestApp
  let asset: AssetFields
  const collection = `collection:${new Types.ObjectId()}`
  const viewer = { _id: new Types.ObjectId(), username: 'bob' }

  before(async () => {
    app = await startApp({ uri: await monitoredUri() })
    asset = await insertAsset({ _id: new Types.ObjectId() })
    await Asset.updateOne({ _id: asset._id }, { $push: { readers: collection } })
  })
  after(() => app.stop())

  async function foundBy(one: Viewer): Promise<Record<string, boolean>> {
    const found: Record<string, boolean> = {}
    for (const scope of SCOPES)
      for (const q of [undefined, 'chair']) {
        const sort = q ? 'relevance' : 'newest'
        const { assets } = await searchAssets({ scope, tags: [], q }, one, { sort, limit: 10 })
        found[q ? `${scope} ${q}` : scope] = assets.some(({ _id }) => _id.equals(asset._id))
      }
    const id = asset._id.toString()
    return {
      ...found,
      read: (await readableAsset(id, one)) !== null,
      visible: (await visibleAsset(id, one)) !== null,
    }
  }

  const expected = (shared: boolean) => ({
    public: false,
    'public chair': false,
    mine: false,
    'mine chair': false,
    shared,
    'shared chair': shared,
    all: shared,
    'all chair': shared,
    read: shared,
    visible: shared,
  })

  it('visibleTo – principal that is a reader → found as shared and read', async () => {
    expect(await foundBy({ ...viewer, principals: ['collection:other', collection] })).to.deep.equal(
      expected(true),
    )
  })

  it('visibleTo – no principals, or others → not found, not read', async () => {
    for (const one of [
      viewer,
      { ...viewer, principals: [] },
      { ...viewer, principals: ['collection:other'] },
    ])
      expect(await foundBy(one)).to.deep.equal(expected(false))
  })

  it('readableAsset – several assets and viewers at once → one query, each with the rights of its viewer', async () => {
    const other = await insertAsset({ _id: new Types.ObjectId() })
    const reader = { ...viewer, principals: [collection] }
    const asked: [Types.ObjectId, Viewer][] = [
      [asset._id, reader],
      [asset._id, viewer],
      [other._id, reader],
      [other._id, { ...viewer, _id: other.owner }],
      [new Types.ObjectId(), reader],
    ]
    const read = () => Promise.all(asked.map(([id, one]) => readableAsset(id.toString(), one)))
    let found: Awaited<ReturnType<typeof read>> = []
    const commands = await monitorCommands(async () => {
      found = await read()
    })
    expect(commands.filter((command) => command.startsWith('assets.'))).to.deep.equal(['assets.find'])
    expect(found.map((one) => one?._id.toString())).to.deep.equal([
      asset._id.toString(),
      undefined,
      undefined,
      other._id.toString(),
      undefined,
    ])
    await Asset.updateOne({ _id: asset._id }, { $pull: { readers: collection } })
    expect(await readableAsset(asset._id.toString(), reader)).to.equal(null)
  })
})
