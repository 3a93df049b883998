import { expect } from 'chai'
import { User } from '../../models/user.ts'
import { startApp, type TestApp } from '../support/app/app.ts'
import { uploadAsset } from '../support/app/assets.ts'
import { signUp, signUpAdmin, type TestUser } from '../support/app/users.ts'

const PUBLIC = ['id', 'username', 'name', 'profilePhoto']

interface Person {
  id: string
  username: string
}

describe('GET /api/users', () => {
  let app: TestApp
  let ada: TestUser
  let bob: TestUser
  let root: TestUser
  before(async () => {
    app = await startApp()
    ada = await signUp(app, 'Ada', {
      name: 'Ada King Lovelace',
      email: 'ada@example.org',
      discoverable: true,
    })
    bob = await signUp(app, 'bob', { name: 'Bob' })
    root = await signUpAdmin(app, 'root')
    await signUp(app, 'zoe', { name: 'Zoë 🦉 Kingsley', discoverable: true })
    await signUp(app, 'carol', { name: 'Carol', discoverable: true })
  })
  after(() => app.stop())

  async function names(user: TestUser, query = ''): Promise<string[]> {
    const { body } = await user.get(`/api/users${query}`).expect(200)
    return body.res.users.map(({ username }: Person) => username)
  }

  it('GET /api/users – user → self and discoverable users; admin → all users', async () => {
    expect(await names(ada)).to.deep.equal(['Ada', 'carol', 'zoe'])
    expect(await names(bob)).to.deep.equal(['Ada', 'bob', 'carol', 'zoe'])
    expect(await names(root)).to.deep.equal(['Ada', 'bob', 'carol', 'root', 'zoe'])
  })

  it('GET /api/users – other users → four fields; own account or admin → all fields', async () => {
    const { body: seen } = await bob.get('/api/users')
    expect(seen.res.users[0]).to.have.all.keys(PUBLIC)
    expect(seen.res.users[1])
      .to.include({ username: 'bob', access: 'user' })
      .and.not.have.property('disabled')
    const { body: all } = await root.get('/api/users')
    expect(all.res.users[0]).to.include({ email: 'ada@example.org', disabled: false })
    expect(JSON.stringify([seen, all])).not.to.match(/passwordHash|location|Key|\$2b\$/)
  })

  const SEARCHES: [q: string, found: string[]][] = [
    ['ad', ['Ada']],
    ['ADA', ['Ada']],
    ['lovel', ['Ada']],
    ['king', ['Ada', 'zoe']],
    ['ada  king l', ['Ada']],
    ['zoe', ['zoe']],
    ['ZOË', ['zoe']],
    ['🦉', ['zoe']],
    ['ing', []],
    ['.*', []],
    ['root', []],
    ['example', []],
    ['', ['Ada', 'bob', 'carol', 'zoe']],
  ]
  for (const [q, found] of SEARCHES)
    it(`GET /api/users?q=${q} – names and usernames → ${JSON.stringify(found)}`, async () => {
      expect(await names(bob, `?q=${encodeURIComponent(q)}`)).to.deep.equal(found)
    })

  it('GET /api/users?q= – name changed → found by the new name only', async () => {
    await bob.patch('/api/users/me').send({ name: 'Robert' }).expect(200)
    expect(await names(bob, '?q=robert')).to.deep.equal(['bob'])
    await bob.patch('/api/users/me').send({ name: null }).expect(200)
    expect(await names(bob, '?q=robert')).to.deep.equal([])
    expect((await User.findByName('bob'))?.searchKeys).to.deep.equal(['bob'])
  })

  for (const who of ['bob', 'root'] as const)
    it(`GET /api/users – ${who}, accounts added between pages → no gap and no duplicate`, async () => {
      const user = who === 'bob' ? bob : root
      const whole = await names(user)
      const read: string[] = []
      let cursor = ''
      for (let page = 0; page < 10; page += 1) {
        const { body } = await user.get(`/api/users?limit=2${cursor}`).expect(200)
        read.push(...body.res.users.map(({ username }: Person) => username))
        if (page === 0) await signUp(app, `aaa-${who}`, { discoverable: true })
        if (body.res.next === null) break
        cursor = `&cursor=${body.res.next}`
      }
      expect(read).to.deep.equal(whole)
    })

  it('GET /api/users – invalid cursor, cursor of another query, invalid limit or unknown field → 400', async () => {
    const { body } = await root.get('/api/users?limit=1').expect(200)
    for (const query of [
      'cursor=xyz',
      `q=a&cursor=${body.res.next}`,
      'limit=0',
      'limit=101',
      'name=ada',
      'q[$gt]=a',
    ])
      await root.get(`/api/users?${query}`).expect(400)
  })

  it('GET /api/users/:id – own account, discoverable account or admin → 200; else 404 as for an unknown id', async () => {
    const unknown = await ada.get('/api/users/64b000000000000000000000').expect(404)
    const hidden = await ada.get(`/api/users/${bob.user.id}`).expect(404)
    const malformed = await ada.get('/api/users/nobody').expect(404)
    for (const { body } of [hidden, malformed])
      expect({ ...body.err, requestId: '' }).to.deep.equal({ ...unknown.body.err, requestId: '' })
    const seen = await bob.get(`/api/users/${ada.user.id}`).expect(200)
    expect(seen.body.res.user).to.deep.equal({
      id: ada.user.id,
      username: 'Ada',
      name: 'Ada King Lovelace',
      profilePhoto: null,
    })
    const own = await bob.get(`/api/users/${bob.user.id}`).expect(200)
    expect(own.body.res.user).to.include({ username: 'bob', access: 'user' })
    const full = await root.get(`/api/users/${bob.user.id}`).expect(200)
    expect(full.body.res.user).to.include({ username: 'bob', disabled: false })
    await ada.patch('/api/users/me').send({ discoverable: false }).expect(200)
    await bob.get(`/api/users/${ada.user.id}`).expect(404)
  })

  it('GET /api/assets?owner= – admin → owner shown and searchable for every readable asset', async () => {
    const asset = await uploadAsset(bob, { visibility: 'public' })
    const { body } = await root.get(`/api/assets/${asset.id}`).expect(200)
    expect(body.res.asset.owner).to.deep.equal({ id: bob.user.id, username: 'bob' })
    const search = await root.get('/api/assets?owner=bob').expect(200)
    expect(search.body.res.assets).to.have.length(1)
    const other = await ada.get('/api/assets?owner=bob').expect(200)
    expect(other.body.res.assets).to.have.length(0)
  })
})
