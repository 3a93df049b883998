import { expect } from 'chai'
import { MAX_NAME_BYTES } from '../../app/media/file-name.ts'
import { Asset, DESCRIPTION, NAME, TAG, TAGS } from '../../models/asset.ts'
import { Project } from '../../models/project.ts'
import { User } from '../../models/user.ts'
import { startApp, type TestApp } from '../support/app/app.ts'
import { type AssetAnswer, uploadAsset } from '../support/app/assets.ts'
import { closeSockets, SocketClient } from '../support/app/socket.ts'
import { signUp, type TestUser } from '../support/app/users.ts'
import { obj, png } from '../support/data/samples.ts'

const GIVEN = 'cafe\u0301'
const KEPT = 'café'
/** Characters that have two code points in NFC, each excluded from composition. */
const GROWING = ['\u0958', '\ufb2c']

const nfdName = (name: string) => encodeURIComponent(name.normalize('NFD'))

describe('text in another form of Unicode', () => {
  let app: TestApp
  let ada: TestUser
  before(async () => {
    app = await startApp({ env: { REGISTRATIONS_PER_HOUR: '0' } })
    ada = await signUp(app, 'ada')
  })
  after(async () => {
    await closeSockets()
    await app.stop()
  })

  const stored = (id: string) => Asset.findById(id).orFail().lean()
  const expectKept = async (id: string) =>
    expect(await stored(id)).to.deep.include({ name: KEPT, description: KEPT, tags: [KEPT] })

  const fields = { name: GIVEN, description: GIVEN, tags: GIVEN }
  const create: [route: string, send: () => Promise<{ id: string }>][] = [
    ['POST /api/assets', () => uploadAsset(ada, fields, { [`${GIVEN}.obj`]: obj() })],
    [
      'PUT /api/files/:filename',
      async () => {
        const query = `name=${nfdName(KEPT)}&description=${nfdName(KEPT)}&tags=${nfdName(KEPT)}`
        const { body } = await ada
          .put(`/api/files/${nfdName(KEPT)}.obj?${query}`)
          .send(obj())
          .expect(201)
        return body.res.asset
      },
    ],
    [
      '/ws upload',
      async () => {
        const socket = await SocketClient.signedIn(app.origin, ada.token)
        const { res } = await socket.upload(obj(), fields)
        return res?.asset ?? { id: '' }
      },
    ],
  ]
  for (const [route, send] of create)
    it(`${route} – decomposed texts → stored in NFC`, async () => {
      const { id } = await send()
      await expectKept(id)
      expect((await stored(id)).files[0]?.name).to.be.oneOf([`${KEPT}.obj`, KEPT])
    })

  it('PATCH /api/assets/:id – decomposed texts in JSON, urlencoded and multipart → stored in NFC', async () => {
    const { id } = await uploadAsset(ada)
    const path = `/api/assets/${id}`
    const clear = () => ada.patch(path).send({ name: 'x', description: '', tags: [] }).expect(200)
    await ada.patch(path).send(fields).expect(200)
    await expectKept(id)
    await clear()
    await ada.patch(path).type('form').send(fields).expect(200)
    await expectKept(id)
    await clear()
    await ada.patch(path).field(fields).expect(200)
    await expectKept(id)
  })

  it('compatibility routes – decomposed texts → stored in NFC', async () => {
    const { body } = await ada
      .post('/collections')
      .field({ 'image[title]': GIVEN, 'image[tag]': GIVEN })
      .attach('image[file]', await png(), `${GIVEN}.png`)
      .expect(201)
    const kumo = await stored(body.collection._id)
    expect(kumo).to.deep.include({ name: KEPT, tags: [KEPT] })
    expect(kumo.files[0]?.name).to.equal(`${KEPT}.png`)
    await app.api
      .post('/api/create')
      .send({ email: `${GIVEN}@example.org`, name: GIVEN, password: 'correct horse' })
      .expect(201)
    expect(await User.findOne({ email: `${KEPT}@example.org` }).lean()).to.include({ name: KEPT })
    await app.api.post('/user').send({ mobile: '2345', countryCode: '49', firstName: GIVEN }).expect(201)
    expect(await User.findOne({ mobile: '2345' }).lean()).to.include({ firstName: KEPT })
  })

  it('PATCH /api/users/me, /api/projects, links – decomposed texts → stored in NFC', async () => {
    const email = `${GIVEN}.2@example.org`
    await ada.patch('/api/users/me').send({ name: GIVEN, email }).expect(200)
    expect(await User.findById(ada.user._id).lean()).to.include({
      name: KEPT,
      email: `${KEPT}.2@example.org`,
    })
    const { body } = await ada.post('/api/projects').send({ title: GIVEN }).expect(201)
    expect((await Project.findById(body.res.project.id).orFail().lean()).title).to.equal(KEPT)
    const { id } = await uploadAsset(ada)
    const link = await ada.post(`/api/assets/${id}/links`).send({ label: GIVEN }).expect(201)
    expect(link.body.res.link.label).to.equal(KEPT)
  })

  it('GET /api/assets – decomposed or blank-padded q, tag and owner → found', async () => {
    const { id } = await uploadAsset(ada, { name: 'Überzug', tags: 'größe' })
    for (const query of [
      `q=${nfdName('Überzug')}`,
      'q=%20%0a%C3%9Cberzug%0a%20',
      `tag=${nfdName('größe')}`,
      'tag=GR%C3%96SSE',
      'q=%C3%9Cberzug&owner=%20ada%0a',
    ]) {
      const { body } = await ada.get(`/api/assets?scope=mine&${query}`).expect(200)
      expect(
        body.res.assets.map((asset: AssetAnswer) => asset.id),
        query,
      ).to.deep.equal([id])
    }
  })

  for (const list of ['/api/assets', '/api/tags', '/api/users', '/api/assets/suggest'])
    it(`GET ${list} – blank q → answered as without q`, async () => {
      const { res } = (await ada.get(list).expect(200)).body
      for (const blank of ['%20', '%09%0D%0A', '%C2%A0%E3%80%80'])
        expect((await ada.get(`${list}?q=${blank}`).expect(200)).body.res, blank).to.deep.equal(res)
    })

  it('GET /api/assets – blank q, sort=relevance → 400, as without q', async () => {
    await ada.get('/api/assets?q=%20&sort=relevance').expect(400)
  })

  for (const character of GROWING)
    it(`POST /api/assets – ${encodeURIComponent(character)}, which grows in NFC → counted after it`, async () => {
      const code = async (given: object) =>
        (await ada.patch(`/api/assets/${id}`).send(given)).body.err?.details[0].field ?? 'none'
      const length = character.normalize('NFC').length
      const { id } = await uploadAsset(ada)
      const texts = (max: number) => {
        const most = Math.floor(max / length)
        return [character.repeat(most), character.repeat(most + 1)]
      }
      for (const [field, max] of [
        ['name', NAME.max],
        ['description', DESCRIPTION.max],
        ['tags', TAG.max],
      ] as const) {
        const [fits, over] = texts(max)
        expect(await code({ [field]: fits }), field).to.equal('none')
        expect(await code({ [field]: over }), field).to.equal(field)
      }
      const kept = await stored(id)
      expect(kept.name).to.equal(kept.name.normalize('NFC'))
      // a file name is cut in NFC
      const file = `${character.repeat(80)}.obj`
      const named = await uploadAsset(ada, {}, { [file]: obj() })
      const name = named.files[0]?.name ?? ''
      expect(name)
        .to.equal(name.normalize('NFC'))
        .and.match(/\.obj$/)
      expect(Buffer.byteLength(name)).to.be.within(MAX_NAME_BYTES - 8, MAX_NAME_BYTES)
    })

  it('POST /api/assets – long file name without a name → cut between characters', async () => {
    const bytes = obj()
    // 199 letters, then a letter with an accent that NFC does not compose, or a surrogate pair
    for (const last of ['q\u0301', '🪑']) {
      const file = `${'a'.repeat(199)}${last}${'b'.repeat(20)}.obj`
      const { id } = await uploadAsset(ada, {}, { [file]: bytes })
      const { name } = await stored(id)
      expect(name).to.equal(last === '🪑' ? `${'a'.repeat(199)}🪑` : 'a'.repeat(199))
    }
    // 240 code points before NFC, 124 after
    const { id } = await uploadAsset(ada, {}, { [`${'é'.normalize('NFD').repeat(120)}.obj`]: bytes })
    expect((await stored(id)).name).to.equal(`${'é'.repeat(120)}.obj`)
  })

  it('PATCH /api/assets/:id – 64 tags of 64 characters, repeated in another form or case → 200; 65 → 400', async () => {
    const { id } = await uploadAsset(ada)
    const tags = Array.from({ length: TAGS.max }, (_, n) => `é${n}`.padEnd(2 * TAG.max, '😀'))
    const long = tags.map((tag) => [...tag].slice(0, TAG.max).join(''))
    const repeated = [...long, ...long.map((tag) => tag.normalize('NFD').toUpperCase())]
    await ada.patch(`/api/assets/${id}`).type('form').send({ tags: repeated }).expect(200)
    expect((await stored(id)).tags).to.deep.equal(long)
    await ada
      .patch(`/api/assets/${id}`)
      .send({ tags: [...long, 'one more'] })
      .expect(400)
    await ada
      .patch(`/api/assets/${id}`)
      .send({ tags: [`${long[0]}x`] })
      .expect(400)
    expect((await stored(id)).tags).to.deep.equal(long)
  })

  it('PATCH /api/assets/:id – equal tags → the first one kept; a tag without a visible character → 400', async () => {
    const { id } = await uploadAsset(ada)
    const tags = [
      'Straße',
      'STRASSE',
      'ﬁn',
      'fin',
      'İstanbul',
      'ΟΔΟΣ',
      'οδοσ',
      'ınce',
      'ince',
      ' ',
      'a\u202eb',
    ]
    await ada.patch(`/api/assets/${id}`).send({ tags }).expect(200)
    expect((await stored(id)).tags).to.deep.equal(['straße', 'ﬁn', 'istanbul', 'οδος', 'ınce', 'ince', 'ab'])
    for (const tag of ['strasse', 'STRAẞE', 'FIN', 'istanbul', 'ΟΔΟΣ'])
      expect(
        (await ada.get(`/api/assets?scope=mine&tag=${encodeURIComponent(tag)}`).expect(200)).body.res.assets,
        tag,
      ).to.have.length(1)
    for (const tag of ['\u200b', '\u202e\u2066', '\u3164', '\u0301'])
      await ada
        .patch(`/api/assets/${id}`)
        .send({ tags: ['a', tag] })
        .expect(400)
  })

  it('POST /api/auth/login – blanks around the name, another form of the email → 200', async () => {
    await app.api
      .post('/api/auth/register')
      .type('form')
      .send({ username: ' Zoe\n', email: ` zoe\u0308@example.org `, password: 'correct horse' })
      .expect(201)
    expect(await User.findOne({ usernameKey: 'zoe' }).lean()).to.include({
      username: 'Zoe',
      email: 'zoë@example.org',
    })
    for (const login of [
      ' zoe ',
      '\tzoe\n',
      ' Zoë@example.org ',
      'zoe\u0308@example.org',
      'ZOE\u0308@example.org',
    ])
      await app.api.post('/api/auth/login').send({ login, password: 'correct horse' }).expect(200)
    await app.api
      .post('/sign-in')
      .send({ credentials: { email: ' zoe\u0308@example.org', password: 'correct horse' } })
      .expect(201)
  })

  it('POST /api/auth/register – emails that differ in the case of other letters than ASCII → two accounts; in the form of the domain → 409', async () => {
    const password = 'correct horse battery'
    const register = (username: string, email: string) =>
      app.api.post('/api/auth/register').send({ username, email, password })
    await register('noel1', 'NOËL@Exämple.org').expect(201)
    await register('noel2', 'noël@exämple.org').expect(201)
    for (const email of ['noËl@xn--exmple-cua.org', 'NOE\u0308L@EXA\u0308MPLE.org']) {
      const { body } = await register('noel3', email).expect(409)
      expect(body.err.details).to.have.length(1)
    }
    for (const [login, username] of [
      ['noËl@exämple.org', 'noel1'],
      ['NOËL@exämple.org', 'noel1'],
      ['Noël@xn--exmple-cua.org', 'noel2'],
    ]) {
      const { body } = await app.api.post('/api/auth/login').send({ login, password }).expect(200)
      expect(body.res.user).to.include({ username })
    }
  })

  it('POST /api/auth/login – two accounts of earlier releases whose emails are equal in NFC → each by its own form', async () => {
    for (const [n, email] of ['jose\u0301@example.org', 'josé@example.org'].entries()) {
      const { user } = await signUp(app, `jose${n}`)
      await User.updateOne({ _id: user._id }, { email })
    }
    for (const [n, login] of ['jose\u0301@example.org', 'José@example.org'].entries()) {
      const { body } = await app.api
        .post('/api/auth/login')
        .send({ login, password: 'correct horse battery' })
        .expect(200)
      expect(body.res.user.username).to.equal(`jose${n}`)
    }
  })
})
