import { gzipSync } from 'node:zlib'
import { expect } from 'chai'
import { Asset } from '../../models/asset.ts'
import { Link } from '../../models/link.ts'
import { User } from '../../models/user.ts'
import { startApp, type TestApp } from '../support/app/app.ts'
import { uploadAsset } from '../support/app/assets.ts'
import { rawConnection } from '../support/app/raw-socket.ts'
import { stateOf } from '../support/app/state.ts'
import { signUp, type TestUser } from '../support/app/users.ts'
import { obj } from '../support/data/samples.ts'
import { eventually } from '../support/eventually.ts'

const FORM = 'application/x-www-form-urlencoded'
const TYPES = ['application/json', FORM, 'multipart/form-data; boundary=b']

type Details = { field: string; message: string }[]

describe('forms', () => {
  let app: TestApp
  let ada: TestUser
  let path: string
  before(async () => {
    app = await startApp()
    ada = await signUp(app, 'ada')
  })
  beforeEach(async () => {
    const fields = { description: 'Oak', tags: 'wood,oak', name: 'Chair' }
    path = `/api/assets/${(await uploadAsset(ada, fields)).id}`
  })
  after(() => app.stop())

  const patch = (form: string) => ada.patch(path).type('form').send(form)
  const change = async (form: string) => (await patch(form).expect(200)).body.res.asset
  const refusal = async (form: string): Promise<Details> => {
    const answer = await patch(form).expect(400)
    expect(answer.body.err.code).to.equal('validation_failed')
    return answer.body.err.details
  }

  it('PATCH /api/assets/:id – tags repeated, tags[] or comma-separated → the same list', async () => {
    for (const form of [
      'tags=a&tags=b',
      'tags[]=a&tags[]=b',
      'tags%5B%5D=a&tags=b',
      'tags=a,%20b',
      'tags[]=a,b',
    ])
      expect((await change(form)).tags, form).to.deep.equal(['a', 'b'])
    const multipart = await ada.patch(path).field('tags[]', 'c').field('tags[]', 'd').expect(200)
    expect(multipart.body.res.asset.tags).to.deep.equal(['c', 'd'])
  })

  it('PATCH /api/assets/:id – empty description or tags → cleared; other empty fields → absent', async () => {
    const kept = await change('name=&type=&visibility=')
    expect(kept).to.include({ name: 'Chair', description: 'Oak', visibility: 'private', version: 1 })
    expect(await change('description=')).to.include({ description: '' })
    expect((await change('tags=')).tags).to.deep.equal([])
    await change('tags=a&description=b')
    await ada.patch(path).field('tags', '').field('description', '').field('name', '').expect(200)
    const stored = await Asset.findById(path.split('/').pop()).orFail()
    expect([stored.name, stored.description, stored.tags]).to.deep.equal(['Chair', '', []])
    await ada.patch(path).send({ name: '' }).expect(400)
  })

  it('POST /api/assets – empty fields of the upload → absent, the default name', async () => {
    const sent = ada
      .post('/api/assets')
      .field({ name: '', description: '', tags: '', type: '', visibility: '' })
    const { body } = await sent.attach('files', obj(), 'table.obj').expect(201)
    expect(body.res.asset).to.deep.include({
      name: 'table.obj',
      description: '',
      tags: [],
      visibility: 'private',
    })
  })

  it('any route – tags as a JSON array in a text → 400; a tag in brackets → taken', async () => {
    for (const tags of ['["a","b"]', ' [ ] ', '["a"]']) {
      expect((await refusal(`tags=${encodeURIComponent(tags)}`))[0]?.field).to.equal('tags')
      await ada.patch(path).send({ tags }).expect(400)
      await ada.post('/api/assets').field('tags', tags).attach('files', obj(), 'a.obj').expect(400)
    }
    expect((await change('tags=[wip],[1]')).tags).to.deep.equal(['[wip]', '[1]'])
  })

  it('PATCH /api/assets/:id – other brackets, reserved names, fields given twice → 400 with the fields', async () => {
    const names = async (form: string) => (await refusal(form)).map(({ field }) => field)
    expect(await names('name[]=a')).to.deep.equal(['name'])
    const brackets = ['tags[0]', 'tags[x]', 'name[a][b]', 'name[']
    for (const value of ['a', ''])
      expect(await names(brackets.map((name) => `${name}=${value}`).join('&'))).to.have.members(brackets)
    const upload = ada.post('/api/assets')
    for (const name of brackets) upload.field(name, 'a')
    const { body: refused } = await upload.attach('files', obj(), 'a.obj').expect(400)
    expect(refused.err.details.map(({ field }: { field: string }) => field)).to.have.members(brackets)
    expect(await names('__proto__=a&constructor=b&__proto__[name]=c')).to.have.members([
      '__proto__',
      'constructor',
      '__proto__[name]',
    ])
    expect(await names(`name${'[a]'.repeat(5000)}=x`)).to.have.length(1)
    expect(await refusal('name=a&name=b&name=c')).to.deep.equal([
      { field: 'name', message: 'must be given once, not 3 times' },
    ])
    await ada.post('/api/assets').field('name[]', 'a').attach('files', obj(), 'a.obj').expect(400)
    expect(await names('a&b=&c=1&&=x')).to.have.members(['c', ''])
    const multipart = await ada.patch(path).field('__proto__', 'a').field('name[x]', 'b').expect(400)
    expect(multipart.body.err.details.map(({ field }: { field: string }) => field)).to.have.members([
      '__proto__',
      'name[x]',
    ])
    await ada.patch('/api/users/me').type('form').send('settings[theme]=dark').expect(400)
    await ada.patch('/api/users/me').type('form').send('settings={"theme":"dark"}').expect(400)
    await ada.patch('/api/users/me').field('settings[theme]', 'dark').expect(400)
  })

  it('PATCH /api/assets/:id – field that is not percent-encoded UTF-8 → 400 with its name, nothing changes', async () => {
    const before = await stateOf(app)
    for (const value of ['100%', '%zz', '%ff', '%c3%28', '%ed%a0%80'])
      expect(await refusal(`description=${value}`), value).to.have.length(1)
    const raw = Buffer.from('description=\xff', 'latin1')
    await ada.patch(path).set('Content-Type', FORM).send(raw).expect(400)
    const multipart = Buffer.from(
      '--b\r\nContent-Disposition: form-data; name="name"\r\n\r\n\xff\r\n--b--\r\n',
      'latin1',
    )
    await ada
      .patch(path)
      .set('Content-Type', TYPES[2] ?? '')
      .send(multipart)
      .expect(400)
    expect(await stateOf(app)).to.deep.equal(before)
    expect((await change('description=%C3%B6+100%25%0D%0Aa%26b&name=ö')).description).to.equal(
      'ö 100%\r\na&b',
    )
  })

  it('PATCH /api/users/me – true, false and whole numbers as text → form only', async () => {
    const me = (body: string | object, type: string) => ada.patch('/api/users/me').type(type).send(body)
    expect((await me('discoverable=true', 'form').expect(200)).body.res.user.discoverable).to.equal(true)
    expect((await me('discoverable=false', 'form').expect(200)).body.res.user.discoverable).to.equal(false)
    for (const value of ['1', 'yes', 'TRUE', 'null']) await me(`discoverable=${value}`, 'form').expect(400)
    await me({ discoverable: 'true' }, 'json').expect(400)
    const link = (form: string) => ada.post(`${path}/links`).type('form').send(form)
    for (const value of ['0', '-1', '1.5', '1e3', '0x10', '9'.repeat(16)])
      await link(`maxDownloads=${value}`).expect(400)
    await ada.post(`${path}/links`).send({ maxDownloads: '3' }).expect(400)
    const { body } = await link('maxDownloads=3&password=&expiresAt=').expect(201)
    const stored = await Link.findById(body.res.link.id).orFail()
    expect(stored.maxDownloads).to.equal(3)
    expect(stored.expiresAt ?? null).to.equal(null)
    expect(body.res.link.hasPassword ?? false).to.equal(false)
  })

  it('empty password – where an account is created or signed in → 400, no account', async () => {
    const users = await User.countDocuments()
    for (const [route, form] of [
      ['/api/auth/register', 'username=eve&password='],
      ['/api/auth/login', 'username=ada&password='],
      ['/api/create', 'email=eve@example.org&password='],
      ['/api/login', 'email=eve@example.org&password='],
      ['/login', 'mobile=1511234567&countryCode=49&password='],
      ['/user', 'mobile=1511234567&countryCode=49&password='],
    ] as const) {
      const answer = await app.api.post(route).type('form').send(form)
      expect([answer.status, answer.body.err?.details?.[0]?.field], route).to.deep.equal([400, 'password'])
    }
    await app.api.post('/api/auth/register').field('username', 'eve').field('password', '').expect(400)
    expect(await User.countDocuments()).to.equal(users)
  })

  it('PATCH – JSON and merge patch → taken; other types → 415 with Accept-Patch and the types', async () => {
    const send = (type: string) =>
      ada.patch(path).set('Content-Type', type).serialize(String).send('{"name":"a"}')
    await send('application/merge-patch+json').expect(200)
    await send('application/json; charset=utf-8').expect(200)
    for (const type of [
      'application/json-patch+json',
      'text/plain',
      'application/xml',
      'multipart/mixed; boundary=b',
    ]) {
      const { headers, body } = await send(type).expect(415)
      expect(headers['accept-patch']).to.equal(
        'application/json, application/merge-patch+json, application/x-www-form-urlencoded, multipart/form-data',
      )
      for (const taken of (headers['accept-patch'] ?? '').split(', '))
        expect(body.err.message).to.include(taken)
    }
    const post = await ada.post('/api/projects').type('text/plain').send('a').expect(415)
    expect(post.body.err.message).to.match(/application\/json.*urlencoded.*multipart/)
    expect(post.headers['accept-patch']).to.equal(undefined)
    expect(
      (await ada.post('/api/auth/logout').type('text/plain').send('a').expect(415)).body.err.message,
    ).to.match(/no body/)
  })

  it('POST /api/projects – JSON with the Content-Type of a form, as curl -d sends it → 415 that names the other', async () => {
    for (const body of ['{"title":"Room"}', ' [1]']) {
      const { body: answer } = await ada.post('/api/projects').type('form').send(body).expect(415)
      expect(answer.err.message).to.include('Content-Type: application/json')
    }
  })

  it('POST /api/projects – multipart with a file → 400 with its field, whatever its size; an empty file input → ignored', async () => {
    for (const file of [obj(), Buffer.alloc(1_000_000)]) {
      const sent = ada.post('/api/projects').attach('cover', file, 'a.png').field('title', 'Room')
      expect((await sent.expect(400)).body.err.details).to.deep.equal([
        { field: 'cover', message: 'is a file, but this route takes no files' },
      ])
    }
    const part = (head: string, text: string) =>
      `--b\r\nContent-Disposition: form-data; ${head}\r\n\r\n${text}\r\n`
    const body = `${part('name="title"', 'Room')}${part('name="cover"; filename=""', '')}--b--\r\n`
    await ada
      .post('/api/projects')
      .set('Content-Type', TYPES[2] ?? '')
      .send(body)
      .expect(201)
  })

  it('PATCH /api/assets/:id – compressed multipart → 415 that says so; compressed urlencoded → taken', async () => {
    const multipart = Buffer.from('--b\r\nContent-Disposition: form-data; name="name"\r\n\r\nA\r\n--b--\r\n')
    const send = (type: string, body: Buffer) =>
      fetch(app.origin + path, {
        method: 'PATCH',
        headers: { Authorization: `Bearer ${ada.token}`, 'Content-Type': type, 'Content-Encoding': 'gzip' },
        body: gzipSync(body),
      })
    const refused = await send(TYPES[2] ?? '', multipart)
    expect(refused.status).to.equal(415)
    expect(await refused.text()).to.include('Content-Encoding')
    expect((await send(FORM, Buffer.from('name=Zipped'))).status).to.equal(200)
    expect(await Asset.findById(path.split('/').pop()).orFail()).to.include({ name: 'Zipped' })
  })

  it('project and scene – lists with [] as jQuery sends them, one value too → lists', async () => {
    const { body } = await ada.post('/api/projects').type('form').send('title=Room').expect(201)
    const project = `/api/projects/${body.res.project.id}`
    const asset = path.split('/').pop()
    const change = async (method: 'post' | 'patch', to: string, form: string) =>
      (await ada[method](to).type('form').send(form)).body.res
    const scenes = []
    for (const form of [`base[]=${asset}`, 'overlay='])
      scenes.push((await change('post', `${project}/scenes`, form)).scene)
    expect(scenes[0].base).to.deep.equal([asset])
    const order = scenes.map(({ id }) => id).toReversed()
    const form = order.map((id) => `sceneOrder[]=${id}`).join('&')
    const changed = await change('patch', project, form)
    expect(changed.project.scenes.map(({ id }: { id: string }) => id)).to.deep.equal(order)
  })

  it('PATCH /api/assets/:id – no token, no right or no asset → refused before the body is read, for every type of body', async () => {
    const bob = await signUp(app, `bob${Date.now()}`)
    await ada.put(`${path}/collaborators/${bob.user.username}`).send({ access: 'read' }).expect(200)
    for (const type of TYPES)
      for (const [token, route, status] of [
        ['', path, 401],
        ['bad', path, 401],
        [bob.token, path, 403],
        [ada.token, `/api/assets/${'0'.repeat(24)}`, 404],
        [ada.token, '/api/nothing', 404],
      ] as const) {
        const socket = await rawConnection(app.origin)
        let answer = ''
        socket.setEncoding('latin1').on('data', (text: string) => {
          answer += text
        })
        const authorization = token ? `Authorization: Bearer ${token}\r\n` : ''
        // no byte of the body is sent
        socket.write(
          `PATCH ${route} HTTP/1.1\r\nHost: a\r\n${authorization}Content-Type: ${type}\r\nContent-Length: 1000\r\n\r\n`,
        )
        await eventually(() => expect(answer).to.include(`HTTP/1.1 ${status} `).and.include('"requestId"'))
        socket.destroy()
      }
  })
})
