import { expect } from 'chai'
import fc from 'fast-check'
import { keys } from '../../../app/maintenance/migrations/0003-keys.ts'
import { find as words } from '../../../app/maintenance/migrations/0006-find.ts'
import { Asset, type AssetFields } from '../../../models/asset.ts'
import { SORTS, type Sort } from '../../../models/asset-search.ts'
import { untilReadersKnow } from '../../../models/owner-states.ts'
import { searchForm, setSearchForm } from '../../../models/search-form.ts'
import { Term } from '../../../models/term.ts'
import { forgetStoredTerms } from '../../../models/term-writer.ts'
import { foldText } from '../../../models/text.ts'
import { User, type UserFields } from '../../../models/user.ts'
import { setMaxRanked } from '../../../models/word-pages.ts'
import { type Tier, tierOf } from '../../../models/words/match.ts'
import { parseQuery } from '../../../models/words/query.ts'
import { startApp, type TestApp } from '../../support/app/app.ts'
import { insertAsset } from '../../support/app/assets.ts'
import { buildFormerTextIndex } from '../../support/app/former-text-index.ts'
import { signUp, type TestUser } from '../../support/app/users.ts'

const ASSETS = 100
const SEARCHES = 14
/** Draws the assets and the searches. A failed test names it. */
const SEED = Date.now() % 1e9
const DAY = 86_400_000
const START = Date.UTC(2026, 0, 1)
const TAGS = ['wood', 'metal', 'häuser', 'a:b']
const WORDS = ['oak', 'elm', 'Café', 'birch', 'bir', 'irch', '"oak elm"', 'oak-elm', 'birches']
const NAMES = ['Oak', 'elm Oak', 'Café', 'birch-elm', 'éclair', 'Zoo', 'a b', 'oakElm cafe', 'birchwood']

type Query = Partial<Record<string, string | string[]>>
type Found = Pick<
  AssetFields,
  '_id' | 'type' | 'media' | 'tags' | 'visibility' | 'files' | 'license' | 'owner'
>
const FILES = [
  { name: 'a.GLB', mediaType: 'model/gltf-binary', sha256: 'a'.repeat(64) },
  { name: 'b.png', mediaType: 'image/png', sha256: 'b'.repeat(64) },
  { name: 'README', mediaType: 'text/plain', sha256: 'c'.repeat(64) },
]
const LICENSES = ['MIT', 'mit', 'CC0-1.0', 'my own']
const NOW = Date.now()
const LOCKS = [
  { mode: null, until: null, legalHold: true },
  { mode: 'governance' as const, until: new Date(NOW + DAY), legalHold: false },
  // has run out
  { mode: 'governance' as const, until: new Date(NOW - DAY), legalHold: false },
]

const NEVER = { checkpoint: () => undefined, report: () => undefined }

const some = <T>(values: readonly T[]) => fc.constantFrom(...values)
const day = fc.integer({ min: -1, max: 6 }).map((n) => new Date(START + n * DAY).toISOString())

const drawnAsset = fc.record({
  name: some(NAMES),
  description: some(['', 'oak and birch', 'CAFÉ']),
  tags: fc.subarray(TAGS),
  type: some(['2D', '3D', 'other'] as const),
  media: some(['image', 'model', 'other'] as const),
  visibility: some(['public', 'private'] as const),
  size: some([0, 1, 7, 7, 1024]),
  downloads: fc.integer({ min: 0, max: 3 }),
  createdAt: fc.integer({ min: 0, max: 5 }).map((n) => new Date(START + n * DAY)),
  updatedAt: fc.integer({ min: 0, max: 5 }).map((n) => new Date(START + n * DAY)),
  owner: fc.nat(2),
  collaborators: fc.subarray([0, 1, 2]),
  hasKeys: fc.boolean(),
  license: fc.option(some(LICENSES)),
  files: fc.subarray(FILES),
  lock: fc.option(some(LOCKS), { freq: 2 }),
  isDeleted: fc.nat(9).map((n) => n === 0),
})

const CRITERIA = fc.record(
  {
    q: fc
      .subarray(WORDS, { minLength: 1, maxLength: 2 })
      .chain((words) =>
        fc
          .boolean()
          .map((excludes) => words.map((word, n) => (n > 0 && excludes ? `-${word}` : word)).join(' ')),
      ),
    scope: some(['all', 'public', 'mine', 'shared']),
    type: fc.subarray(['2D', '3D', 'other'], { minLength: 1 }),
    media: fc.subarray(['image', 'model', 'video'], { minLength: 1 }),
    ext: fc.subarray(['glb', 'PNG', 'txt'], { minLength: 1 }),
    mediaType: fc.subarray(['model/gltf-binary', 'image/PNG', 'a/b'], { minLength: 1 }),
    license: fc.subarray(['Mit', 'CC0-1.0', 'none'], { minLength: 1 }),
    sha256: fc.subarray([...FILES.map(({ sha256 }) => sha256), 'd'.repeat(64)], { minLength: 1 }),
    tag: fc.subarray(TAGS, { minLength: 1, maxLength: 2 }),
    tagAny: fc.subarray(TAGS, { minLength: 1 }),
    tagNot: fc.subarray(TAGS, { minLength: 1, maxLength: 2 }),
    untagged: some(['0', '1']),
    locked: some(['0', '1']),
    owner: fc.subarray(['user0', 'user1', 'user2', 'nobody'], { minLength: 1 }),
    visibility: fc.subarray(['public', 'private'], { minLength: 1 }),
    minSize: some(['0', '1', '8']),
    maxSize: some(['0', '7', '1024']),
    createdAfter: day,
    createdBefore: day,
    updatedAfter: day,
    updatedBefore: day,
    sort: some(Object.keys(SORTS)),
  },
  { requiredKeys: [] },
)
/** Few criteria, so that most searches find something. */
const drawnQuery: fc.Arbitrary<Query> = CRITERIA.chain((criteria) =>
  fc.subarray(Object.entries(criteria), { maxLength: 3 }).map((some) => Object.fromEntries(some)),
)
/** A search that the previous release answered in a way that is easy to describe. */
const formerQuery = drawnQuery.map(
  ({ q, ...others }): Query =>
    /bir|irch|"|elm/.test(String(q)) || q === undefined ? others : { q, ...others },
)

const byCount = (a: { value: string; count: number }, b: { value: string; count: number }) =>
  b.count - a.count || Buffer.compare(Buffer.from(a.value), Buffer.from(b.value))
const extensionsOf = ({ files }: Pick<AssetFields, 'files'>) =>
  files.flatMap(({ name }) => (name.includes('.') ? [name.split('.')[1]?.toLowerCase() ?? ''] : []))

describe('searches of random assets', function () {
  this.timeout(600_000)
  let app: TestApp
  let users: TestUser[]
  let seeds = 0
  let accounts: UserFields[] = []

  before(async () => {
    app = await startApp()
    users = await Promise.all([0, 1, 2].map((n) => signUp(app, `user${n}`, { discoverable: n !== 2 })))
  })
  after(async () => {
    setSearchForm('words')
    setMaxRanked(100)
    await app.stop()
  })

  const userOf = (n: number) => users[n] as TestUser

  /** Returns the username of an account that the viewer can see. */
  const nameOf = (id: AssetFields['owner'], viewer: number | null): string[] => {
    const account = accounts.find(({ _id }) => _id.equals(id))
    const isSelf = viewer !== null && userOf(viewer).user._id.equals(id)
    return account && (isSelf || (account.discoverable && !account.disabled)) ? [account.username] : []
  }

  /** Inserts random assets; about half of them as the former release stored them, without keys; some deleted. */
  async function plant(): Promise<void> {
    await Asset.deleteMany({})
    for (const { owner, collaborators, hasKeys, isDeleted, license, files, ...fields } of fc.sample(
      drawnAsset,
      {
        numRuns: ASSETS,
        seed: SEED,
      },
    )) {
      const others = collaborators.filter((n) => n !== owner)
      const { _id } = await insertAsset(userOf(owner).user, {
        ...fields,
        // earlier releases stored no license
        license: hasKeys ? license : null,
        files: files.map((file, n) => ({ ...file, id: `f${n}`, key: `k${n}`, size: 1, media: 'other' })),
        collaborators: others.map((n) => ({
          ...{ user: userOf(n).user._id, access: n % 2 ? 'write' : 'read' },
          addedAt: fields.createdAt,
        })) as AssetFields['collaborators'],
      })
      if (isDeleted)
        await Asset.collection.updateOne({ _id }, { $set: { state: 'deleting', readers: [], keys: [] } })
      if (!hasKeys) await Asset.collection.updateOne({ _id }, { $unset: { keys: '', keysForm: '' } })
    }
  }

  /** Returns the assets that a search finds, by the rules alone, in the order of the sort. */
  async function expected(query: Query, viewer: number | null): Promise<Found[]> {
    const assets = await Asset.find().lean()
    accounts = await User.find().lean()
    const ownerOf = ({ owner }: AssetFields) => accounts.find(({ _id }) => _id.equals(owner))
    const self = viewer === null ? null : userOf(viewer).user._id
    const isPublic = (asset: AssetFields) => asset.visibility === 'public' && !ownerOf(asset)?.disabled
    const isMine = (asset: AssetFields) => self !== null && asset.owner.equals(self)
    const isShared = ({ collaborators }: AssetFields) =>
      self !== null && collaborators.some(({ user }) => user?.equals(self))
    const IN: Record<string, (asset: AssetFields) => boolean> = {
      all: (asset) => isPublic(asset) || isMine(asset) || isShared(asset),
      public: isPublic,
      mine: isMine,
      shared: (asset) => isShared(asset) && !isMine(asset),
    }
    const { q, scope, sort } = query as Record<string, string>
    const known = accounts.filter(
      ({ _id, discoverable, disabled }) => (discoverable && !disabled) || self?.equals(_id),
    )
    const listed = (name: string) => [query[name] ?? []].flat().map((value) => value.toLowerCase())
    const any = (name: string, values: readonly (string | null)[]) =>
      listed(name).length === 0 || values.some((value) => listed(name).includes(String(value).toLowerCase()))
    const isLocked = ({ lock }: AssetFields) =>
      Boolean(lock && (lock.legalHold || (lock.until && lock.until > new Date(NOW))))
    const within = (
      value: number | Date,
      from?: string,
      to?: string,
      read: (text: string) => number = Date.parse,
    ) => (from === undefined || Number(value) >= read(from)) && (to === undefined || Number(value) < read(to))
    const found = assets.filter(
      (asset) =>
        asset.state === 'ready' &&
        IN[scope ?? 'all']?.(asset) &&
        any('type', [asset.type]) &&
        any('media', [asset.media]) &&
        any('visibility', [asset.visibility]) &&
        any('ext', extensionsOf(asset)) &&
        any(
          'mediaType',
          asset.files.map(({ mediaType }) => mediaType),
        ) &&
        any(
          'sha256',
          asset.files.map(({ sha256 }) => sha256),
        ) &&
        any('license', asset.license === null ? [] : [asset.license]) &&
        any(
          'owner',
          known.flatMap(({ _id, username }) => (asset.owner.equals(_id) ? [username] : [])),
        ) &&
        any('tagAny', asset.tags) &&
        listed('tag').every((one) => asset.tags.includes(one)) &&
        !listed('tagNot').some((one) => asset.tags.includes(one)) &&
        (query.untagged !== '1' || asset.tags.length === 0) &&
        (query.locked !== '1' || isLocked(asset)) &&
        within(asset.createdAt, query.createdAfter as string, query.createdBefore as string) &&
        within(asset.updatedAt, query.updatedAfter as string, query.updatedBefore as string) &&
        asset.size >= Number(query.minSize ?? 0) &&
        asset.size <= Number(query.maxSize ?? Infinity),
    )
    const tiers = q ? tiersOf(found, q) : new Map<AssetFields, Tier>()
    const { field, direction } = SORTS[(sort ?? 'newest') as Exclude<Sort, 'relevance'>]
    const order = (one: AssetFields, other: AssetFields) => {
      const [a, b] = [one[field], other[field]]
      const difference =
        typeof a === 'string' ? Buffer.compare(Buffer.from(a), Buffer.from(String(b))) : Number(a) - Number(b)
      const byTier = q && !sort ? (tiers.get(one) ?? 0) - (tiers.get(other) ?? 0) : 0
      return byTier || direction * (difference || Buffer.compare(one._id.id, other._id.id))
    }
    return found.filter((asset) => !q || tiers.has(asset)).sort(order)
  }

  /** Returns the assets that a search finds, with their tiers; by the rules of the previous release until the migration. */
  function tiersOf(assets: AssetFields[], q: string): Map<AssetFields, Tier> {
    if (searchForm() !== 'words') return new Map(assets.filter(hasFormerly(q)).map((asset) => [asset, 0]))
    const query = parseQuery(q)
    for (const any of [false, true]) {
      const tiers = assets.flatMap((asset): [AssetFields, Tier][] => {
        const tier = tierOf({ ...asset, fileNames: asset.files.map(({ name }) => name) }, query, { any })
        return tier === null ? [] : [[asset, tier]]
      })
      if (tiers.length > 0) return new Map(tiers)
    }
    return new Map()
  }

  const hasFormerly = (q: string) => (asset: AssetFields) => {
    const { name, description, tags } = asset
    const words = foldText([name, description, ...tags].join(' ')).split(/[^\p{L}\p{N}]+/u)
    const terms = foldText(q).split(' ').filter(Boolean)
    const has = (term: string) => words.includes(term)
    return (
      terms.some((term) => !term.startsWith('-') && has(term)) &&
      !terms.some((term) => term.startsWith('-') && has(term.slice(1)))
    )
  }

  async function read(query: Query, viewer: number | null, more: Record<string, string>) {
    const parameters = new URLSearchParams(more)
    for (const [name, value] of Object.entries(query))
      for (const one of [value].flat()) parameters.append(name, String(one))
    const path = `/api/assets?${parameters}`
    const { body, status } = await (viewer === null ? app.api.get(path) : userOf(viewer).get(path))
    expect(status, `${path} ${JSON.stringify(body)}`).to.equal(200)
    return body.res
  }

  /** Returns the ids of all pages. */
  async function idsOf(query: Query, viewer: number | null, limit: number): Promise<string[]> {
    const ids: string[] = []
    let cursor = ''
    do {
      const { assets, next } = await read(query, viewer, {
        limit: String(limit),
        ...(cursor ? { cursor } : {}),
      })
      ids.push(...assets.map(({ id }: { id: string }) => id))
      cursor = next
    } while (cursor)
    return ids
  }

  /** Counts each facet in the assets that match without its own filter. */
  async function facetsOf(query: Query, viewer: number | null) {
    const without = (name: string) =>
      expected(Object.fromEntries(Object.entries(query).filter(([one]) => one !== name)), viewer)
    const counted = (values: string[]) => {
      const counts = new Map<string, number>()
      for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1)
      return [...counts].map(([value, count]) => ({ value, count })).sort(byCount)
    }
    return {
      type: counted((await without('type')).map(({ type }) => type)),
      media: counted((await without('media')).map(({ media }) => media)),
      tag: counted((await without('tagAny')).flatMap(({ tags }) => tags)),
      visibility: counted((await without('visibility')).map(({ visibility }) => visibility)),
      ext: counted((await without('ext')).flatMap(extensionsOf)),
      // the spelling of the newest asset counts
      license: counted((await without('license')).flatMap(({ license }) => license?.toLowerCase() ?? [])),
      owner: counted((await without('owner')).flatMap(({ owner }) => nameOf(owner, viewer))),
    }
  }

  /** Compares random searches of these users, or of anonymous callers, with the rules. */
  async function compare(viewers: number[] = [0, 1, 2]): Promise<void> {
    for (const [query, drawn, limit] of fc.sample(
      fc.tuple(
        searchForm() === 'words' ? drawnQuery : formerQuery,
        fc.option(some(viewers)),
        fc.integer({ min: 1, max: 30 }),
      ),
      { numRuns: SEARCHES, seed: SEED + seeds++ },
    )) {
      const viewer = query.scope === 'mine' || query.scope === 'shared' ? (drawn ?? 0) : drawn
      const text = `seed ${SEED}: ${JSON.stringify(query)} by ${viewer}`
      const found = await expected(query, viewer)
      const ids = found.map(({ _id }) => _id.toString())
      const answered = await idsOf(query, viewer, limit)
      // the order of the text index is not computed here
      if (query.q && !query.sort && searchForm() !== 'words') expect(answered, text).to.have.members(ids)
      else expect(answered, text).to.deep.equal(ids)
      const { total, facets } = await read(query, viewer, { limit: '1', count: '1', facets: '1' })
      expect(total, text).to.equal(ids.length)
      for (const one of facets.license) one.value = one.value.toLowerCase()
      facets.license.sort(byCount)
      expect(facets, text).to.deep.equal(await facetsOf(query, viewer))
    }
  }

  it('GET /api/assets – before, during and after the migration of the keys → as a comparison of every asset', async () => {
    setSearchForm('fields')
    await buildFormerTextIndex()
    await plant()
    await compare()
    await Promise.all([compare(), keys.up(NEVER)])
    setSearchForm('keys')
    await compare()
    await Term.deleteMany({})
    forgetStoredTerms()
    await Promise.all([compare(), words.up(NEVER)])
    setSearchForm('words')
    await compare()
    // tier by tier
    setMaxRanked(0)
    await compare()
  })

  afterEach(() => setSearchForm('words'))

  it('GET /api/assets – an owner in transition → as a comparison of every asset', async () => {
    await plant()
    await words.up(NEVER)
    for (const disabled of [true, false]) {
      // the readers of the assets do not match the account yet
      await User.updateOne({ username: 'user1' }, { disabled, readersPending: true })
      await untilReadersKnow()
      await compare([0, 2])
    }
  })
})
