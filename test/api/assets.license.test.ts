import { expect } from 'chai'
import { Asset } from '../../models/asset.ts'
import { startApp, type TestApp } from '../support/app/app.ts'
import { insertAsset, uploadAsset } from '../support/app/assets.ts'
import { closeSockets, SocketClient } from '../support/app/socket.ts'
import { signUp, type TestUser } from '../support/app/users.ts'
import { obj } from '../support/data/samples.ts'

const SOURCE = 'https://example.org/chairs?id=1#oak'

describe('license and source of an asset', () => {
  let app: TestApp
  let ada: TestUser
  before(async () => {
    app = await startApp()
    ada = await signUp(app, 'ada')
  })
  after(() => app.stop())
  afterEach(closeSockets)

  const stored = (id: string) => Asset.findById(id).orFail().lean()
  const found = async (query: string): Promise<string[]> => {
    const { body } = await ada.get(`/api/assets?${query}`).expect(200)
    return body.res.assets.map(({ id }: { id: string }) => id)
  }

  it('POST /api/assets – license and source in the form → stored, answered, found in any case', async () => {
    const asset = await uploadAsset(ada, { license: ' CC-BY-4.0 ', source: SOURCE })
    expect(asset).to.include({ license: 'CC-BY-4.0', source: SOURCE })
    expect(await stored(asset.id)).to.include({ license: 'CC-BY-4.0', source: SOURCE })
    expect(await found('license=cc-by-4.0')).to.deep.equal([asset.id])
    expect(await found('license=CC-BY&license=MIT')).to.deep.equal([])
  })

  it('POST /api/assets – empty fields of a form → absent', async () => {
    expect(await uploadAsset(ada, { license: '', source: '' })).to.include({ license: null, source: null })
  })

  it('PUT /api/files/:filename – license and source in the query → stored', async () => {
    const { body } = await ada
      .put('/api/files/a.obj')
      .query({ license: 'MIT', source: SOURCE })
      .send(obj())
      .expect(201)
    expect(body.res.asset).to.include({ license: 'MIT', source: SOURCE })
  })

  it('op upload, op list – license and source, several licenses → stored, found', async () => {
    const socket = await SocketClient.signedIn(app.origin, ada.token)
    const { err } = await socket.upload(obj(), { name: 'b.obj', license: 'Socket License', source: null })
    expect(err).to.equal(undefined)
    const { res } = await socket.ask('list', {
      license: ['socket license', 'other'],
      minSize: 0,
      untagged: true,
    })
    const [asset] = res?.assets ?? []
    expect(asset).to.include({ license: 'Socket License', source: null })
  })

  it('PATCH /api/assets/:id – changed, then null → the fields and the keys follow, the others stay', async () => {
    const { id } = await uploadAsset(ada, { license: 'MIT-0', source: SOURCE })
    const changed = await ada.patch(`/api/assets/${id}`).send({ license: 'GPL-3.0-only' }).expect(200)
    expect(changed.body.res.asset).to.include({ license: 'GPL-3.0-only', source: SOURCE, version: 2 })
    expect([await found('license=mit-0'), await found('license=gpl-3.0-only')]).to.deep.equal([[], [id]])
    const cleared = await ada.patch(`/api/assets/${id}`).send({ license: null, source: null }).expect(200)
    expect(cleared.body.res.asset).to.include({ license: null, source: null, version: 3 })
    expect(await found('license=gpl-3.0-only')).to.deep.equal([])
    expect((await stored(id)).keys.filter((key) => key.startsWith('license:'))).to.deep.equal([])
  })

  const REFUSED: [fields: Record<string, unknown>, what: string][] = [
    [{ license: '' }, 'an empty license'],
    [{ license: 'x'.repeat(101) }, 'a license of 101 characters'],
    [{ license: '\u200b' }, 'an invisible license'],
    [{ license: ['MIT'] }, 'a list of licenses'],
    [{ source: 'ftp://example.org' }, 'an address of another scheme'],
    [{ source: 'javascript:alert(1)' }, 'a script'],
    [{ source: 'example.org' }, 'no address'],
    [{ source: 'https://' }, 'an address without host'],
    [{ source: 'https://example.org/a b' }, 'an address with a blank'],
    [{ source: `https://example.org/${'x'.repeat(2029)}` }, 'an address of 2,049 characters'],
  ]
  for (const [fields, what] of REFUSED)
    it(`PATCH /api/assets/:id – ${what} → 400`, async () => {
      const { _id } = await insertAsset(ada.user)
      const { body } = await ada.patch(`/api/assets/${_id}`).send(fields).expect(400)
      expect(body.err.details).to.have.length(1)
      expect(body.err.details[0].field).to.equal(Object.keys(fields)[0])
      expect(await stored(String(_id))).to.include({ license: null, source: null, version: 1 })
    })

  it('GET /api/assets/:id – asset of an earlier release without these fields → null', async () => {
    const { _id } = await insertAsset(ada.user)
    await Asset.collection.updateOne({ _id }, { $unset: { license: 1, source: 1 } })
    const { body } = await ada.get(`/api/assets/${_id}`).expect(200)
    expect(body.res.asset).to.include({ license: null, source: null })
  })
})
