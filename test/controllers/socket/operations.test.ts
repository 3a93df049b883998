import { createHash } from 'node:crypto'
import { expect } from 'chai'
import { Asset } from '../../../models/asset.ts'
import { Session } from '../../../models/session.ts'
import { User } from '../../../models/user.ts'
import { startApp, type TestApp } from '../../support/app/app.ts'
import { insertAsset, uploadAsset } from '../../support/app/assets.ts'
import { closeSockets, SocketClient } from '../../support/app/socket.ts'
import { keysOf, stateOf, storedBytes } from '../../support/app/state.ts'
import { PASSWORD, signIn, signUp, type TestUser } from '../../support/app/users.ts'
import { obj, png } from '../../support/data/samples.ts'

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')

describe('WebSocket operations', () => {
  let app: TestApp
  let ada: TestUser
  let socket: SocketClient
  before(async () => {
    app = await startApp({ env: { MAX_FILE_BYTES: '5000000' } })
    ada = await signUp(app, 'ada', { email: 'ada@example.org' })
  })
  after(() => app.stop())
  beforeEach(async () => {
    socket = await SocketClient.signedIn(app.origin, ada.token)
  })
  afterEach(closeSockets)

  it('create – new name → account created, connection signed in', async () => {
    const anonymous = await SocketClient.open(app.origin)
    const { user, token, expiresAt, accountKey } = await anonymous.expect('create', { username: 'grace' })
    const stored = await User.findByName('grace')
    expect(user?.id).to.equal(stored?.id)
    expect(accountKey).to.match(/^[\w-]{43}$/)
    expect(Date.parse(String(expiresAt))).to.be.greaterThan(Date.now())
    await anonymous.expect('space')
    await app.api.get('/api/space').set('Authorization', `Bearer ${token}`).expect(200)
    const { err } = await (await SocketClient.open(app.origin)).ask('create', { username: 'Grace' })
    expect(err).to.deep.include({ code: 'taken', details: [{ field: 'username', message: 'is taken' }] })
  })

  it('login – username or e-mail address → signed in; wrong password → bad_credentials', async () => {
    const anonymous = await SocketClient.open(app.origin)
    expect((await anonymous.ask('login', { login: 'ada', password: 'wrong' })).err?.code).to.equal(
      'bad_credentials',
    )
    expect((await anonymous.ask('space')).err?.code).to.equal('unauthenticated')
    const { user } = await anonymous.expect('login', { email: 'ADA@example.org', password: PASSWORD })
    expect(user?.id).to.equal(ada.user.id)
    expect((await anonymous.ask('login', { login: 'ada', password: PASSWORD })).err?.code).to.equal(
      'conflict',
    )
  })

  it('auth – valid token → user and session; token of another user → conflict, sign-in unchanged', async () => {
    const { user, session } = await socket.expect('auth', { token: ada.token })
    expect(user?.id).to.equal(ada.user.id)
    expect(session).to.include({ current: true })
    const bob = await signUp(app, 'bob')
    expect((await socket.ask('auth', { token: bob.token })).err?.code).to.equal('conflict')
    for (const token of ['', 'x.y.z', `${ada.token}x`])
      expect((await socket.ask('auth', { token })).err?.code).to.equal('unauthenticated')
    await socket.expect('space')
  })

  it('any operation – session ended → unauthenticated, closed with 4401', async () => {
    const other = await signIn(app, ada.user)
    const { session } = (await other.get('/api/auth/session').expect(200)).body.res
    const ended = await SocketClient.signedIn(app.origin, other.token)
    await Session.deleteOne({ _id: session.id })
    expect((await ended.ask('space')).err?.code).to.equal('unauthenticated')
    expect((await ended.closed).code).to.equal(4401)
  })

  it('any operation – sign-in running → starts after it', async () => {
    const anonymous = await SocketClient.open(app.origin)
    anonymous.begin('auth', { token: ada.token })
    await anonymous.expect('space')
  })

  it('list and get – valid arguments → the answers of the HTTP routes', async () => {
    const { _id } = await insertAsset(ada.user, { name: 'Oak chair', tags: ['wood', 'oak'], size: 7 })
    await insertAsset(ada.user, { name: 'Steel chair', tags: ['steel'], visibility: 'public' })
    const args = { q: 'chair', tag: ['wood', 'oak'], minSize: 5, limit: 10, facets: true, count: true }
    const query = '?q=chair&tag=wood&tag=oak&minSize=5&limit=10&facets=1&count=1'
    expect(await socket.expect('list', args)).to.deep.equal(
      (await ada.get(`/api/assets${query}`).expect(200)).body.res,
    )
    expect(await socket.expect('get', { id: _id.toString() })).to.deep.equal(
      (await ada.get(`/api/assets/${_id}`).expect(200)).body.res,
    )
    const page = await socket.expect('list', { q: 'chair', sort: 'name', limit: 1 })
    const next = await socket.expect('list', { q: 'chair', sort: 'name', limit: 1, cursor: page.next })
    expect([page, next].map(({ assets }) => assets?.[0]?.name)).to.deep.equal(['Oak chair', 'Steel chair'])
    const { err } = await socket.ask('list', { limit: 1, cursor: page.next })
    expect(err?.details?.[0]?.field).to.equal('cursor')
  })

  it('space – signed in → the answer of the HTTP route', async () => {
    expect(await socket.expect('space')).to.deep.equal((await ada.get('/api/space').expect(200)).body.res)
  })

  it('upload – all bytes sent → asset as over HTTP', async () => {
    const bytes = Buffer.concat([obj(), Buffer.alloc(1_500_000, 'f 1 2 3\n')])
    const before = await storedBytes(app)
    const fields = { name: 'chair.obj', tags: ['Wood', 'wood'], description: 'Oak', visibility: 'public' }
    const { res } = await socket.upload(bytes, fields, 1024 * 1024)
    const stored = await Asset.findById(res?.asset?.id).orFail().lean()
    expect(stored).to.deep.include({
      state: 'ready',
      tags: ['wood'],
      media: 'model',
      type: '3D',
      size: bytes.length,
    })
    expect(res).to.deep.equal((await ada.get(`/api/assets/${stored._id}`).expect(200)).body.res)
    expect(res?.asset?.files[0]).to.include({ sha256: sha256(bytes), name: 'chair.obj' })
    const headers = { Authorization: `Bearer ${ada.token}` }
    const download = await fetch(`${app.origin}/api/assets/${stored._id}/download`, { headers })
    expect(sha256(Buffer.from(await download.arrayBuffer()))).to.equal(sha256(bytes))
    const { space } = await User.findById(ada.user._id).orFail()
    expect((await storedBytes(app)) - before).to.equal(bytes.length)
    expect(space).to.include({ used: await storedBytes(app), reserved: 0 })
    expect(socket.eventsOf('upload.progress').at(-1)).to.include({
      received: bytes.length,
      size: bytes.length,
    })
  })

  it('upload – image → thumbnail; empty file → stored', async () => {
    const { res } = await socket.upload(await png(), { name: 'oak.png' })
    expect(res?.asset).to.include({ media: 'image', type: '2D' })
    await ada.get(String(res?.asset && (res.asset as { thumbnail?: string }).thumbnail)).expect(200)
    const empty = await socket.upload(Buffer.alloc(0), { name: 'empty.txt' })
    expect(empty.res?.asset?.files[0]).to.include({ sha256: sha256(Buffer.alloc(0)) })
  })

  it('remove – own asset → document and objects deleted', async () => {
    const { id } = await uploadAsset(ada)
    const keys = (await Asset.findById(id).orFail()).files.map(({ key }) => key)
    expect(await socket.expect('remove', { id })).to.deep.equal({ id })
    expect(await Asset.findById(id)).to.equal(null)
    expect(await keysOf(app)).to.not.include.members(keys)
    expect((await socket.ask('remove', { id })).err?.code).to.equal('not_found')
  })

  it('remove – used by a scene → conflict without force', async () => {
    const { id } = await uploadAsset(ada)
    await ada.post('/api/projects').send({ title: 'Stage', image: id }).expect(201)
    expect((await socket.ask('remove', { id })).err?.code).to.equal('conflict')
    expect(await Asset.exists({ _id: id, state: 'ready' })).to.not.equal(null)
    await socket.expect('remove', { id, force: true })
    expect(await Asset.findById(id)).to.equal(null)
  })

  it('upload – too large or invalid → refused before upload.ready', async () => {
    const before = await stateOf(app)
    const refused = async (args: object) => (await socket.upload(Buffer.alloc(10), args)).err
    expect(await refused({ name: 'big.bin', size: 5_000_001 })).to.include({ code: 'too_large' })
    await User.updateOne(
      { _id: ada.user._id },
      { 'space.limit': (await ada.get('/api/space')).body.res.used + 99 },
    )
    expect(await refused({ name: 'a.bin', size: 100 })).to.include({ code: 'space_exceeded' })
    await User.updateOne({ _id: ada.user._id }, { 'space.limit': 5e10 })
    for (const [args, field] of [
      [{ name: 'a.bin', size: -1 }, 'size'],
      [{ name: 'a.bin', size: '10' }, 'size'],
      [{ size: 10 }, 'name'],
      [{ name: 'a.bin', tags: [''.padEnd(65, 'x')] }, 'tags'],
      [{ name: 'a.bin', owner: 'me' }, 'owner'],
    ] as const)
      expect(
        (await refused(args))?.details?.map((detail) => detail.field),
        field,
      ).to.deep.equal([field])
    expect(socket.eventsOf('upload.ready')).to.deep.equal([])
    expect(await stateOf(app)).to.deep.equal(before)
  })
})
