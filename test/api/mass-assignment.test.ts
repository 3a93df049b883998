import { expect } from 'chai'
import { Types } from 'mongoose'
import { Asset } from '../../models/asset.ts'
import { User } from '../../models/user.ts'
import { startApp, type TestApp } from '../support/app/app.ts'
import { type AssetAnswer, uploadAsset } from '../support/app/assets.ts'
import { stateOf } from '../support/app/state.ts'
import { PASSWORD, signUp, type TestUser } from '../support/app/users.ts'
import { obj } from '../support/data/samples.ts'

/** What only the service says, each with a value that would do harm. */
const OF_ASSETS: Record<string, unknown> = {
  _id: new Types.ObjectId().toString(),
  id: new Types.ObjectId().toString(),
  owner: new Types.ObjectId().toString(),
  size: 0,
  downloads: 1_000_000,
  lock: null,
  state: 'deleting',
  files: [],
  images: [],
  readers: ['public'],
  collaborators: [{ username: 'mallory', access: 'write' }],
  version: 99,
  media: 'model',
  access: 'owner',
  nameKey: 'a',
  pendingDeletion: [],
  trash: [],
  createdAt: '2001-01-01',
  updatedAt: '2001-01-01',
}
const OF_USERS: Record<string, unknown> = {
  _id: new Types.ObjectId().toString(),
  id: new Types.ObjectId().toString(),
  access: 'admin',
  disabled: false,
  deleting: true,
  space: { limit: 1e15 },
  location: 'elsewhere',
  passwordHash: '$2b$04$abcdefghijklmnopqrstuv',
  usernameKey: 'root',
  mobileKey: '1-1',
  searchKeys: ['root'],
  lastAccessAt: '2001-01-01',
  createdAt: '2001-01-01',
}
/** What any request moves: a refused upload has reserved space and given it back. */
const PASSING = { lastAccessAt: 0, 'space.revision': 0 }
/** In a form there is text only. */
const inForm = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value))

describe('fields that only the service sets', () => {
  let app: TestApp
  let ada: TestUser
  let asset: AssetAnswer
  before(async () => {
    app = await startApp()
    ada = await signUp(app, 'ada')
    asset = await uploadAsset(ada)
  })
  after(() => app.stop())

  const whole = async () => ({
    ...(await stateOf(app)),
    users: await User.find({}, PASSING).select('+passwordHash').sort({ _id: 1 }).lean(),
    count: await Asset.countDocuments(),
  })

  async function assertRefused(field: string, send: () => PromiseLike<{ status: number; body: unknown }>) {
    const before = await whole()
    const { status, body } = await send()
    expect(status, JSON.stringify(body)).to.equal(400)
    const { err } = body as { err: { code: string; details: { field: string }[] } }
    expect(err.code).to.equal('validation_failed')
    expect(err.details.map((detail) => detail.field)).to.include(field)
    expect(await whole()).to.deep.equal(before)
  }

  for (const [field, value] of Object.entries(OF_ASSETS)) {
    // in a form, `files` and `images` are the files themselves
    if (!['files', 'images'].includes(field))
      it(`POST /api/assets – ${field} → refused`, () =>
        assertRefused(field, () =>
          ada.post('/api/assets').field(field, inForm(value)).attach('files', obj(), 'a.obj'),
        ))
    // the owner can correct the detected kind of media
    if (field !== 'media')
      it(`PATCH /api/assets/:id – ${field} → refused`, () =>
        assertRefused(field, () =>
          ada.patch(`/api/assets/${asset.id}`).send({ name: 'Mine', [field]: value }),
        ))
  }

  for (const [field, value] of Object.entries(OF_USERS)) {
    it(`POST /api/auth/register – ${field} → refused`, () =>
      assertRefused(field, () =>
        app.api.post('/api/auth/register').send({ username: 'mallory', password: PASSWORD, [field]: value }),
      ))
    it(`PATCH /api/users/me – ${field} → refused`, () =>
      assertRefused(field, () => ada.patch('/api/users/me').send({ name: 'Ada', [field]: value })))
  }
})
