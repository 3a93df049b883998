import { expect } from 'chai'
import { Asset } from '../../models/asset.ts'
import { branchesOf, filterOf } from '../../models/asset-criteria.ts'
import { SORTS } from '../../models/asset-search.ts'
import { untilReadersKnow } from '../../models/owner-states.ts'
import { afterPosition as following, sortBy } from '../../models/plugins/page.ts'
import { User } from '../../models/user.ts'
import { NO_TRANSITION } from '../../models/user-state.ts'
import { startApp, type TestApp } from '../support/app/app.ts'
import { insertAsset } from '../support/app/assets.ts'
import { signUp, type TestUser } from '../support/app/users.ts'

const DAY = 86_400_000
const NOON = Date.parse('2026-01-01T12:00:00Z')

interface Planted {
  owner: 'ada' | 'bob'
  name: string
  visibility: 'public' | 'private'
  tags: string[]
  size: number
  description?: string
  type?: '2D' | '3D'
  media?: 'model' | 'image'
}

const PLANTED: Planted[] = [
  {
    owner: 'ada',
    name: 'Oak chair',
    visibility: 'public',
    tags: ['wood', 'chair'],
    size: 10,
    type: '3D',
    media: 'model',
  },
  {
    owner: 'ada',
    name: 'oak Table',
    visibility: 'private',
    tags: ['wood'],
    size: 30,
    type: '3D',
    media: 'model',
  },
  {
    owner: 'bob',
    name: 'Café photo',
    visibility: 'public',
    tags: ['city'],
    size: 20,
    type: '2D',
    media: 'image',
  },
  {
    owner: 'bob',
    name: 'Bob’s chairs',
    visibility: 'private',
    tags: ['chair'],
    size: 40,
    description: 'oak',
  },
  {
    owner: 'bob',
    name: 'Steel lamp',
    visibility: 'public',
    tags: ['steel', 'wood'],
    size: 50,
    description: 'no chair',
  },
]

describe('GET /api/assets', () => {
  let app: TestApp
  let ada: TestUser
  let bob: TestUser

  before(async () => {
    app = await startApp()
    ada = await signUp(app, 'ada')
    bob = await signUp(app, 'bob', { discoverable: true })
    const people = { ada, bob }
    for (const [index, { owner, ...fields }] of PLANTED.entries())
      await insertAsset(people[owner].user, {
        ...fields,
        downloads: index % 3,
        createdAt: new Date(NOON + index * DAY),
        updatedAt: new Date(NOON - index * DAY),
      })
  })
  after(() => app.stop())

  type Caller = 'ada' | 'bob' | 'nobody'
  const get = (caller: Caller, query: string) => {
    const path = `/api/assets?${query}`
    return caller === 'nobody' ? app.api.get(path) : { ada, bob }[caller].get(path)
  }
  const names = async (caller: Caller, query: string): Promise<string[]> => {
    const { body, status } = await get(caller, query)
    expect(status, JSON.stringify(body)).to.equal(200)
    return body.res.assets.map(({ name }: { name: string }) => name)
  }

  const SEARCHES: [caller: Caller, query: string, found: string[]][] = [
    ['nobody', '', ['Steel lamp', 'Café photo', 'Oak chair']],
    ['ada', '', ['Steel lamp', 'Café photo', 'oak Table', 'Oak chair']],
    ['bob', 'scope=mine', ['Steel lamp', 'Bob’s chairs', 'Café photo']],
    ['ada', 'scope=public', ['Steel lamp', 'Café photo', 'Oak chair']],
    ['ada', 'scope=shared', []],
    ['ada', 'sort=oldest', ['Oak chair', 'oak Table', 'Café photo', 'Steel lamp']],
    ['ada', 'sort=updated', ['Oak chair', 'oak Table', 'Café photo', 'Steel lamp']],
    ['ada', 'sort=name', ['Café photo', 'Oak chair', 'oak Table', 'Steel lamp']],
    ['ada', 'sort=-updated', ['Steel lamp', 'Café photo', 'oak Table', 'Oak chair']],
    ['ada', 'sort=-name', ['Steel lamp', 'oak Table', 'Oak chair', 'Café photo']],
    ['ada', 'sort=-size', ['Oak chair', 'Café photo', 'oak Table', 'Steel lamp']],
    ['ada', 'sort=-downloads', ['Oak chair', 'oak Table', 'Steel lamp', 'Café photo']],
    ['ada', 'sort=size', ['Steel lamp', 'oak Table', 'Café photo', 'Oak chair']],
    ['ada', 'sort=downloads', ['Café photo', 'Steel lamp', 'oak Table', 'Oak chair']],
    ['ada', 'type=3D', ['oak Table', 'Oak chair']],
    ['ada', 'media=image', ['Café photo']],
    ['ada', 'tag=wood', ['Steel lamp', 'oak Table', 'Oak chair']],
    ['ada', 'tag=WOOD&tag=chair', ['Oak chair']],
    ['ada', 'visibility=private', ['oak Table']],
    ['ada', 'type=2D&type=3D&sort=name', ['Café photo', 'Oak chair', 'oak Table']],
    ['ada', 'type=3D&type=&media=image&media=model', ['oak Table', 'Oak chair']],
    ['ada', 'visibility=private&visibility=public&tagAny=steel,city', ['Steel lamp', 'Café photo']],
    ['ada', 'tagAny=STEEL&tagAny=chair&tagNot=chair', ['Steel lamp']],
    ['ada', 'tagNot=wood', ['Café photo']],
    ['ada', 'untagged=1', []],
    ['ada', 'untagged=0&locked=0&media=image', ['Café photo']],
    ['ada', 'locked=1', []],
    ['ada', 'owner=bob&owner=ada&media=model&media=image', ['Café photo', 'oak Table', 'Oak chair']],
    ['ada', 'owner=bob&owner=nobody-of-that-name', ['Steel lamp', 'Café photo']],
    ['bob', 'owner=ada&owner=nobody-of-that-name', []],
    ['ada', 'ext=GLB', []],
    ['ada', `license=MIT&mediaType=image/png&sha256=${'a'.repeat(64)}`, []],
    ['ada', 'minSize=20&maxSize=30', ['Café photo', 'oak Table']],
    ['ada', 'minSize=0&maxSize=0', []],
    ['ada', 'owner=BOB', ['Steel lamp', 'Café photo']],
    ['bob', 'owner=ada', []],
    ['ada', 'owner=ada', ['oak Table', 'Oak chair']],
    ['ada', 'owner=nobody-of-that-name', []],
    ['ada', 'owner=bob&scope=mine', []],
    ['ada', 'createdAfter=2026-01-02T12:00:00Z&createdBefore=2026-01-03T12:00:00Z', ['oak Table']],
    ['ada', 'createdAfter=2026-01-05', ['Steel lamp']],
    ['ada', 'updatedBefore=2025-12-28', ['Steel lamp']],
    ['ada', 'createdAfter=2026-01-02&createdBefore=2026-01-02', ['oak Table']],
    [
      'ada',
      'createdAfter=2026-01-02T14:00:00%2B02:00&createdBefore=2026-01-03T10:00:00-02:00',
      ['oak Table'],
    ],
    // all words: `chairs` whole before its word form
    ['ada', 'q=chairs', ['Steel lamp', 'Oak chair']],
    ['ada', 'q=oak', ['oak Table', 'Oak chair']],
    ['ada', 'q=table%20lamp&sort=name', ['oak Table', 'Steel lamp']],
    ['ada', 'q=oak%20-table', ['Oak chair']],
    ['ada', 'q=%22oak%20chair%22', ['Oak chair']],
    ['ada', 'q=cafe', ['Café photo']],
    ['ada', 'q=CAFÉ', ['Café photo']],
    ['ada', 'q=-chair', []],
    ['ada', 'q=nothing-like-it', []],
    ['bob', 'q=oak', ['Oak chair', 'Bob’s chairs']],
    ['ada', 'q=&type=&tag=&minSize=&scope=', ['Steel lamp', 'Café photo', 'oak Table', 'Oak chair']],
  ]
  for (const [caller, query, found] of SEARCHES)
    it(`GET /api/assets?${decodeURIComponent(query)} – ${caller} → the expected assets`, async () => {
      expect(await names(caller, query)).to.deep.equal(found)
    })

  const REFUSED: [caller: Caller, query: string, status: number, field?: string][] = [
    ['nobody', 'scope=mine', 401],
    ['nobody', 'scope=shared', 401],
    ['ada', 'sort=relevance', 400, 'sort'],
    ['ada', 'sort=price', 400, 'sort'],
    ['ada', 'colour=red', 400, 'colour'],
    ['ada', 'limit=0', 400, 'limit'],
    ['ada', 'limit=101', 400, 'limit'],
    ['ada', 'limit=1e1', 400, 'limit'],
    ['ada', 'limit=2&limit=3', 400, 'limit'],
    ['ada', 'type=3D&type=4D', 400, 'type'],
    ['ada', 'sort=name&sort=size', 400, 'sort'],
    ['ada', 'ext=.glb', 400, 'ext'],
    ['ada', 'mediaType=png', 400, 'mediaType'],
    ['ada', 'sha256=ab', 400, 'sha256'],
    ['ada', `license=${'x'.repeat(101)}`, 400, 'license'],
    [
      'ada',
      `${'sha256='.concat('a'.repeat(64), '&').repeat(1)}${Array.from({ length: 101 }, (_, n) => `sha256=${String(n).padStart(64, '0')}`).join('&')}`,
      400,
      'sha256',
    ],
    ['ada', 'untagged=yes', 400, 'untagged'],
    ['ada', 'locked=1&locked=1', 400, 'locked'],
    ['ada', 'q=a&q=b', 400, 'q'],
    ['ada', 'q[$gt]=', 400, 'q[$gt]'],
    ['ada', 'minSize=-1', 400, 'minSize'],
    ['ada', 'createdAfter=yesterday', 400, 'createdAfter'],
    ...['createdAfter', 'createdBefore', 'updatedAfter', 'updatedBefore'].flatMap((field) =>
      ['2026-W48', '2026-334', '2026-01-02T12', '2026-01-02T12:00:00,5Z', '2026-01-02T12:00:00'].map(
        (date): [Caller, string, number, string] => ['ada', `${field}=${date}`, 400, field],
      ),
    ),
    ['ada', 'cursor=mangled', 400, 'cursor'],
    ['ada', 'facets=yes', 400, 'facets'],
  ]
  for (const [caller, query, status, field] of REFUSED)
    it(`GET /api/assets?${query} – ${caller} → ${status}`, async () => {
      const { body } = await get(caller, query).expect(status)
      expect(body.status).to.equal('error')
      if (field)
        expect(body.err.details.map((detail: { field: string }) => detail.field)).to.deep.equal([field])
      expect(JSON.stringify(body)).not.to.contain('chair')
    })

  const MESSAGES: [query: string, message: string][] = [
    [
      'sort=price',
      'must be newest, oldest, updated, -updated, name, -name, size, -size, downloads, -downloads or relevance, got `price`',
    ],
    ['sort=name&sort=size', 'must be given once, not 2 times'],
    ['scope=%E2%80%AEall', 'must be all, public, mine or shared, got `\uFFFDall`'],
    ['type=3D&type=4D', 'must be 2D, 3D or other, got `4D`'],
    ['limit=many', 'must be a whole number from 1 to 100, got `many`'],
    [
      `ext=${'x'.repeat(60)}`,
      `must be a file extension without the dot, of 1 to 16 characters, got \`${'x'.repeat(40)}…\``,
    ],
    [
      'createdAfter=noon',
      'must be a date-time with a zone, as 2026-11-30T12:00:00Z, or a day, as 2026-11-30, got `noon`',
    ],
  ]
  for (const [query, message] of MESSAGES)
    it(`GET /api/assets?${query.slice(0, 40)} – wrong parameter → says what it got`, async () => {
      const { body } = await get('ada', query).expect(400)
      expect(body.err.details.map((detail: { message: string }) => detail.message)).to.deep.equal([message])
    })

  it('GET /api/assets – every sort, inserts between pages → each asset once', async () => {
    for (const sort of [...Object.keys(SORTS), 'relevance']) {
      const q = sort === 'relevance' ? '&q=chair oak lamp photo' : ''
      const whole = await names('ada', `sort=${sort}${q}`)
      const seen: string[] = []
      let cursor = ''
      do {
        const { body } = await get('ada', `sort=${sort}${q}&limit=1${cursor}`).expect(200)
        seen.push(...body.res.assets.map(({ name }: { name: string }) => name))
        cursor = body.res.next && `&cursor=${body.res.next}`
        const late = await insertAsset(bob.user, { name: 'Inserted', createdAt: new Date(NOON + 99 * DAY) })
        await Asset.deleteOne({ _id: late._id })
      } while (cursor)
      expect(seen, sort).to.deep.equal(whole)
    }
  })

  it('GET /api/assets – equal sort values → ordered by id, none skipped or repeated', async () => {
    const same = { name: 'Same', tags: ['same'], visibility: 'public' as const, createdAt: new Date(NOON) }
    for (let n = 0; n < 7; n += 1) await insertAsset(n % 2 ? ada.user : bob.user, same)
    for (const sort of Object.keys(SORTS)) {
      const ids: string[] = []
      let cursor = ''
      do {
        const { body } = await get('ada', `tag=same&sort=${sort}&limit=2${cursor}`).expect(200)
        ids.push(...body.res.assets.map(({ id }: { id: string }) => id))
        cursor = body.res.next && `&cursor=${body.res.next}`
      } while (cursor)
      expect(new Set(ids).size, sort).to.equal(7)
      expect(ids, sort).to.have.length(7)
    }
    await Asset.deleteMany({ tags: 'same' })
  })

  it('GET /api/assets – cursor of the default sort, the sort written out; the other way round → the next page', async () => {
    for (const [plain, sorted] of [
      ['scope=all', 'scope=all&sort=newest'],
      ['q=chair', 'q=chair&sort=relevance'],
    ])
      for (const [one, other] of [
        [plain, sorted],
        [sorted, plain],
      ]) {
        const { body } = await get('ada', `${one}&limit=1`).expect(200)
        expect(body.res.next, one).to.be.a('string')
        const next = `limit=1&cursor=${body.res.next}`
        expect(await names('ada', `${other}&${next}`)).to.deep.equal(await names('ada', `${one}&${next}`))
      }
  })

  it('GET /api/assets – cursor of another query → refused', async () => {
    const { body } = await get('ada', 'sort=name&limit=1').expect(200)
    await get('ada', `sort=name&limit=2&cursor=${body.res.next}`).expect(200)
    for (const other of ['sort=size', 'sort=name&type=3D', 'sort=name&scope=mine'])
      await get('ada', `${other}&limit=1&cursor=${body.res.next}`).expect(400)
  })

  for (const query of [
    '',
    'q=chair',
    'q=-chair',
    'tag=wood',
    'scope=mine',
    'visibility=public',
    'minSize=20',
    'media=audio',
  ])
    it(`GET /api/assets?${query} – count=1 with and without facets=1 → the same total`, async () => {
      const { body: counted } = await get('ada', `${query}&count=1`).expect(200)
      const { body } = await get('ada', `${query}&count=1&facets=1`).expect(200)
      expect(counted.res.total).to.be.a('number')
      expect(body.res.total).to.equal(counted.res.total)
    })

  it('GET /api/assets?count=1&facets=1 – hidden assets exist → the whole result without them', async () => {
    const { body } = await get('ada', 'limit=1&facets=1&count=1').expect(200)
    expect(body.res.total).to.equal(4)
    expect(body.res.facets).to.deep.equal({
      type: [
        { value: '3D', count: 2 },
        { value: '2D', count: 1 },
        { value: 'other', count: 1 },
      ],
      media: [
        { value: 'model', count: 2 },
        { value: 'image', count: 1 },
        { value: 'other', count: 1 },
      ],
      tag: [
        { value: 'wood', count: 3 },
        { value: 'chair', count: 1 },
        { value: 'city', count: 1 },
        { value: 'steel', count: 1 },
      ],
      visibility: [
        { value: 'public', count: 3 },
        { value: 'private', count: 1 },
      ],
      ext: [],
      license: [],
      owner: [
        { value: 'ada', count: 2 },
        { value: 'bob', count: 2 },
      ],
    })
    const anonymous = await get('nobody', 'q=chair&facets=1&count=1').expect(200)
    expect(anonymous.body.res.total).to.equal(2)
    expect(anonymous.body.res.facets.visibility).to.deep.equal([{ value: 'public', count: 2 }])
    expect(anonymous.body.res.facets.owner).to.deep.equal([{ value: 'bob', count: 1 }])
  })

  it('GET /api/assets?facets=1 – any-of filters → each facet counted without its own filter', async () => {
    const { body } = await get('ada', 'media=image&tag=city&visibility=public&facets=1&count=1').expect(200)
    const { facets, total } = body.res
    expect(total).to.equal(1)
    expect(facets.media).to.deep.equal([{ value: 'image', count: 1 }])
    const other = await get('ada', 'media=image&tagAny=city&owner=bob&facets=1').expect(200)
    expect(other.body.res.facets).to.deep.include({
      type: [{ value: '2D', count: 1 }],
      media: [{ value: 'image', count: 1 }],
      tag: [{ value: 'city', count: 1 }],
      owner: [{ value: 'bob', count: 1 }],
    })
    const filtered = await get('ada', 'type=3D&facets=1').expect(200)
    expect(filtered.body.res.facets.type).to.deep.equal([
      { value: '3D', count: 2 },
      { value: '2D', count: 1 },
      { value: 'other', count: 1 },
    ])
    expect(filtered.body.res.facets.media).to.deep.equal([{ value: 'model', count: 2 }])
  })

  it('GET /api/assets – owner not discoverable → owner shown only to users who can see the account', async () => {
    const owners = async (caller: Caller) => {
      const { body } = await get(caller, 'scope=public&sort=oldest').expect(200)
      return body.res.assets.map(
        ({ owner }: { owner: { username: string } | null }) => owner?.username ?? null,
      )
    }
    expect(await owners('nobody')).to.deep.equal([null, 'bob', 'bob'])
    expect(await owners('ada')).to.deep.equal(['ada', 'bob', 'bob'])
    await User.updateOne({ _id: bob.user._id }, { discoverable: false })
    await untilReadersKnow()
    expect(await owners('ada')).to.deep.equal(['ada', null, null])
    await User.updateOne({ _id: bob.user._id }, { discoverable: true })
  })

  it('indexes of assets – every sort with every filter → served by an index', async () => {
    const criteria = [
      {},
      { type: ['3D' as const] },
      { type: ['3D' as const, '2D' as const] },
      { media: ['model' as const] },
      { tags: ['wood'] },
      { tagAny: ['wood', 'city'], tagNot: ['steel'] },
      { sha256: ['ab', 'cd'], ext: ['obj'] },
      { license: ['MIT'], untagged: true, lockedAt: new Date() },
      { owner: [bob.user._id] },
      { owner: [bob.user._id, ada.user._id] },
      { visibility: ['public' as const] },
      { minSize: 1, maxSize: 100 },
      { createdAfter: new Date(0), createdBefore: new Date() },
      { updatedAfter: new Date(0), updatedBefore: new Date() },
    ]
    // the same index serves both directions
    for (const [sort, order] of Object.entries(SORTS))
      for (const given of sort.startsWith('-') ? [{}] : criteria)
        for (const { filter: branch } of branchesOf({ scope: 'all', ...given }, ada.user, NO_TRANSITION))
          for (const position of [
            null,
            following(order, [order.field === 'nameKey' ? 'a' : new Date(), ada.user._id]),
          ]) {
            const filter = {
              $and: [filterOf({ scope: 'all', ...given }), branch, position ?? {}],
            }
            const plan = JSON.stringify(
              await Asset.find(filter).sort(sortBy(order)).limit(20).explain('queryPlanner'),
            )
            expect(plan, `${order.field} ${JSON.stringify(given)}`)
              .to.contain('IXSCAN')
              .and.not.to.contain('COLLSCAN')
          }
  }).timeout(60_000)
})
