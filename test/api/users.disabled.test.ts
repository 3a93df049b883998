import { expect } from 'chai'
import { hideIfOwnerInactive } from '../../app/accounts/update-readers.ts'
import { sweep } from '../../app/maintenance/sweep.ts'
import { Asset } from '../../models/asset.ts'
import { untilReadersKnow } from '../../models/owner-states.ts'
import { User } from '../../models/user.ts'
import { startApp, type TestApp } from '../support/app/app.ts'
import { type AssetAnswer, uploadAsset } from '../support/app/assets.ts'
import { CommandInterceptor } from '../support/app/command-interceptor.ts'
import { closeSockets, SocketClient } from '../support/app/socket.ts'
import { signIn, signUp, signUpAdmin, type TestUser } from '../support/app/users.ts'
import { png, svg } from '../support/data/samples.ts'

/** The commands that store an asset. */
const CHANGES_ASSET = /^assets\.(?:insertOne|findOneAndUpdate)$/

describe('a disabled account', () => {
  let app: TestApp
  let root: TestUser
  let ada: TestUser
  let reader: TestUser
  let other: TestUser
  let asset: AssetAnswer
  let image: string
  let link: string
  let signed: Record<'ada' | 'reader' | 'other', string>
  let project: string

  const path = (rest = '') => `/api/assets/${asset.id}${rest}`
  const stored = () => Asset.findById(asset.id).orFail().lean()
  const disable = (disabled: boolean) =>
    root.patch(`/api/users/${ada.user.id}`).send({ disabled }).expect(200)
  const signUrl = async (user: TestUser) => (await user.get(path('/url')).expect(200)).body.res.url as string

  let picture: Buffer

  before(async () => {
    app = await startApp()
    picture = await png()
    root = await signUpAdmin(app, 'root')
    reader = await signUp(app, 'reader')
    other = await signUp(app, 'other')
  })
  let count = 0
  beforeEach(async () => {
    ada = await signUp(app, `ada-${count++}`, { discoverable: true })
    asset = await uploadAsset(
      ada,
      { name: 'Oak chair', visibility: 'public', tags: 'oak', license: 'CC0-1.0' },
      { 'a.svg': svg() },
    )
    const { body: added } = await ada.post(path('/images')).attach('images', picture, 'a.png').expect(201)
    image = added.res.asset.images[0].url
    await uploadAsset(ada, { name: 'Private chair' })
    await ada.put(path('/collaborators/reader')).send({ access: 'write' }).expect(200)
    link = (await ada.post(path('/links')).send({}).expect(201)).body.res.link.url
    signed = { ada: await signUrl(ada), reader: await signUrl(reader), other: await signUrl(other) }
    const { body } = await other.post('/api/projects').send({ title: 'Room', image: asset.id }).expect(201)
    project = `/api/projects/${body.res.project.id}`
  })
  afterEach(async () => {
    await closeSockets()
    await Asset.deleteMany({})
  })
  after(() => app.stop())

  const status = async (request: PromiseLike<{ status: number }>) => (await request).status === 200
  const lists = (user: Pick<TestUser, 'get'>, query: string) => async () => {
    const { body } = await user.get(`/api/assets?count=1&facets=1&${query}`).expect(200)
    const { assets, total, facets } = body.res
    expect(assets).to.have.length(total)
    const { owner, ...others } = facets as Record<string, unknown[]>
    for (const facet of Object.values(others)) expect(facet.length).to.equal(total > 0 ? 1 : 0)
    const shown = assets.filter((one: { owner: object | null }) => one.owner !== null)
    expect(owner).to.have.length(shown.length)
    return total === 1
  }
  const overSocket = async (op: string, args: object, found: (res: object) => boolean) => {
    const socket = await SocketClient.signedIn(app.origin, other.token)
    const { res } = await socket.ask(op, args)
    return res !== undefined && found(res)
  }

  /** Checks whether users who are not collaborators see the account and its assets, by the way in which they look. */
  const views = (): Record<string, () => Promise<boolean>> => ({
    'GET asset, anonymous': () => status(app.api.get(path())),
    'GET asset': () => status(other.get(path())),
    'GET asset, admin': () => status(root.get(path())),
    'GET file': () => status(app.api.get(String(asset.files[0]?.url))),
    'GET download': () => status(app.api.get(path('/download'))),
    'GET image': () => status(app.api.get(image)),
    'GET url': () => status(other.get(path('/url'))),
    'signed URL of another user': () => status(app.api.get(signed.other)),
    link: () => status(app.api.get(link)),
    'file by link': () => status(app.api.get(`${link}/download`)),
    'list, anonymous': lists(app.api, ''),
    list: lists(other, ''),
    'list, admin': lists(root, ''),
    'scope public': lists(reader, 'scope=public'),
    'search by word': lists(other, 'q=oak'),
    'search by word, sorted': lists(other, 'q=oak&sort=name&scope=public'),
    'search by tag': lists(app.api, 'tag=oak'),
    'search by owner': lists(other, `owner=${ada.user.username}`),
    'op get': () => overSocket('get', { id: asset.id }, () => true),
    'op list': () => overSocket('list', {}, (res) => (res as { assets: object[] }).assets.length === 1),
    'reference in a project': async () =>
      (await other.get(project).expect(200)).body.res.project.image === asset.id,
    'reference in a project, compatibility route': async () => {
      const { body } = await other.get(`/user/${other.user.id}`).expect(200)
      const projects = body.res.user.projects as { image: string }[]
      return projects.some(({ image }) => image !== '')
    },
    profile: () => status(other.get(`/api/users/${ada.user.id}`)),
    'list of users': async () =>
      (await other.get(`/api/users?q=${ada.user.username}`).expect(200)).body.res.users.length === 1,
  })
  const expectVisible = async (visible: boolean) => {
    for (const [what, sees] of Object.entries(views())) expect(await sees(), what).to.equal(visible)
  }
  const expectAccessOfCollaborator = async () => {
    expect((await reader.get(path()).expect(200)).body.res.asset.access).to.equal('write')
    await reader.get(String(asset.files[0]?.url)).expect(200)
    await reader.patch(path()).send({ description: 'By the reader' }).expect(200)
    await app.api.get(signed.reader).expect(200)
    expect(await lists(reader, 'scope=shared')()).to.equal(true)
    expect(await lists(reader, '')()).to.equal(true)
    const { body } = await root.get(`/api/users/${ada.user.id}`).expect(200)
    expect(body.res.user.username).to.equal(ada.user.username)
  }

  it('PATCH /api/users/:id {disabled} – true → hidden from others, readable for collaborators; false → as before', async () => {
    await expectVisible(true)
    const socket = await SocketClient.signedIn(app.origin, ada.token)
    await disable(true)
    expect((await stored()).readers).to.deep.equal([ada.user.id, reader.user.id])
    expect(await User.findById(ada.user._id).lean()).to.include({ readersPending: false })
    await expectVisible(false)
    await expectAccessOfCollaborator()
    await ada.get('/api/assets').expect(401)
    await app.api.get(signed.ada).expect(404)
    expect((await socket.closed).code).to.equal(4401)

    await disable(false)
    expect((await stored()).readers).to.have.members(['public', ada.user.id, reader.user.id])
    await expectVisible(true)
    await ada.get('/api/assets').expect(401)
    await app.api.get(signed.ada).expect(404)
    expect(await lists(await signIn(app, ada.user), 'scope=mine&tag=oak')()).to.equal(true)
  }).timeout(20_000)

  const STATES: [what: string, update: object][] = [
    ['disabled, its assets not hidden yet', { $set: { disabled: true, readersPending: true } }],
    ['disabled by a former release', { $set: { disabled: true, readersPending: null } }],
  ]
  for (const [what, update] of STATES)
    it(`GET – ${what} → reads check the owner; the sweep hides the assets`, async () => {
      await User.collection.updateOne({ _id: ada.user._id }, update)
      await untilReadersKnow()
      await expectVisible(false)
      await expectAccessOfCollaborator()
      await sweep(app.context)
      expect((await stored()).readers).not.to.include('public')
      expect(await User.findById(ada.user._id).lean()).to.include({ readersPending: false })
      await expectVisible(false)
    })

  it('GET – owner enabled, its assets not shown yet → reads check the owner; the sweep shows the assets', async () => {
    await disable(true)
    await User.updateOne({ _id: ada.user._id }, { disabled: false, readersPending: true })
    await untilReadersKnow()
    await expectVisible(true)
    await sweep(app.context)
    expect((await stored()).readers).to.include('public')
    expect(await User.findById(ada.user._id).lean()).to.include({ readersPending: false })
  })

  it('hideIfOwnerInactive – owner enabled again before the asset is hidden → asset stays public', async () => {
    await hideIfOwnerInactive(await stored(), { disabled: true })
    expect((await stored()).readers).to.include('public')
    expect(await User.countDocuments({ readersPending: true })).to.equal(0)
    await disable(true)
    await hideIfOwnerInactive(await stored(), { disabled: true })
    expect((await stored()).readers).to.not.include('public')
  })

  it('PATCH /api/users/:id {disabled} – subscriber who cannot read the asset → no event', async () => {
    const outsider = await SocketClient.signedIn(app.origin, other.token, { subscribe: true })
    const insider = await SocketClient.signedIn(app.origin, reader.token, { subscribe: true })
    await User.updateOne({ _id: ada.user._id }, { disabled: true, readersPending: true })
    await untilReadersKnow()
    await reader.patch(path()).send({ name: 'Hidden' }).expect(200)
    await insider.find(({ event }) => event === 'asset.updated')
    await sweep(app.context)
    await root.delete(`/api/users/${ada.user.id}`).expect(204)
    await insider.find(({ event }) => event === 'asset.deleted')
    expect(outsider.events).to.deep.equal([])
  })

  const PUBLISH: [what: string, publish: () => PromiseLike<{ status: number }>][] = [
    ['PATCH /api/assets/:id', () => ada.patch(path()).send({ visibility: 'public' })],
    [
      'POST /api/assets',
      () => ada.post('/api/assets').field('visibility', 'public').attach('files', svg(), 'b.svg'),
    ],
  ]
  for (const [what, publish] of PUBLISH)
    it(`${what} {visibility: public} – disabled directly before the update → hidden`, async () => {
      await ada.patch(path()).send({ visibility: 'private' }).expect(200)
      const gate = new CommandInterceptor()
      try {
        const commands = await gate.record(async () => {
          expect((await publish()).status).to.be.within(200, 201)
        })
        await ada.patch(path()).send({ visibility: 'private' }).expect(200)
        await Asset.updateMany({}, { visibility: 'private', $pull: { readers: 'public' } })
        const disabling = async () => {
          await disable(true)
        }
        await gate.before(
          commands.findIndex((one) => CHANGES_ASSET.test(one)),
          disabling,
          async () => publish(),
        )
      } finally {
        gate.close()
      }
      expect(await Asset.countDocuments({ visibility: 'public' })).to.equal(1)
      expect(await Asset.countDocuments({ readers: 'public' })).to.equal(0)
    })
})
