import { expect } from 'chai'
import fc from 'fast-check'
import type { Response } from 'supertest'
import { Capacity, SERVER } from '../../../models/capacity.ts'
import type { TestUser } from '../app/users.ts'
import { type Expected, MAX_IMAGES, type Model, type ModelAsset } from './state.ts'

/** The service under test: the users in the order of the model, and an admin who sets their limits. */
export interface Real {
  users: TestUser[]
  admin: TestUser
  picture: Buffer
  /** Uploads parts. @param chunked whether to send them without Content-Length */
  upload(user: TestUser, method: string, path: string, parts: Part[], chunked: boolean): Promise<Answer>
  /** Returns whether there is time for another operation. */
  hasTime(): boolean
  /** Number of operations so far. */
  ran: number
}

export interface Part {
  field: 'files' | 'images' | 'visibility'
  content: Buffer | string
}

export type Answer = Pick<Response, 'status' | 'body'>

type Act<T> = (model: Model, real: Real, given: T) => Promise<void>

class Operation<T> implements fc.AsyncCommand<Model, Real> {
  constructor(
    private readonly name: string,
    private readonly given: T,
    private readonly act: Act<T>,
  ) {}

  check(): boolean {
    return true
  }

  async run(model: Model, real: Real): Promise<void> {
    if (!real.hasTime()) return
    real.ran++
    await this.act(model, real, this.given)
    await expectSums(model, real, real.ran % real.users.length)
  }

  toString(): string {
    return `${this.name}(${fc.stringify(this.given)})`
  }
}

const USERS = 3
/** Largest file, in bytes. */
const LARGEST = 1_000_000
const user = fc.nat(USERS - 1)
/** A user; in half of the cases the owner of the asset. */
const someone = fc.oneof(user, fc.constant('owner' as const))
const size = fc.oneof(fc.nat(5000), fc.nat(150_000))
/** Sizes of files. `fill` adds one file that fills the user's or the server's space exactly, except `but` bytes. */
const sizes = fc.record({
  given: fc.array(size, { minLength: 1, maxLength: 2 }),
  fill: fc.oneof(
    { weight: 3, arbitrary: fc.constant(null) },
    {
      weight: 1,
      arbitrary: fc.record({
        whose: fc.constantFrom('user', 'server'),
        but: fc.constantFrom(0, 0, 1, -1),
      }),
    },
  ),
})
const visibility = fc.constantFrom('public' as const, 'private' as const)
/** Selects an asset or an image by a number, modulo their count. */
const pick = fc.nat(1000)

const operation = <T>(name: string, given: fc.Arbitrary<T>, act: Act<T>) =>
  given.map((value) => new Operation(name, value, act))

/** An operation on an asset, also on a deleted one. Does nothing if no asset was created yet. */
const onAsset = <T>(
  name: string,
  given: fc.Arbitrary<T>,
  act: (model: Model, real: Real, given: T & { asset: ModelAsset; user: number }) => Promise<void>,
) =>
  operation(name, fc.tuple(pick, someone, given), async (model, real, [at, who, value]) => {
    const asset = model.assets[at % Math.max(1, model.assets.length)]
    if (asset) await act(model, real, { ...value, asset, user: who === 'owner' ? asset.owner : who })
  })

type Sizes = typeof sizes extends fc.Arbitrary<infer T> ? T : never

/** @param others bytes of the images in the same upload */
function sizesOf(model: Model, owner: number, { given, fill }: Sizes, others = 0): number[] {
  if (!fill) return given
  const all =
    fill.whose === 'user'
      ? Number(model.limits[owner]) - model.usedBy(owner)
      : model.serverLimit - model.used()
  const rest = all - fill.but - others - sum(given)
  return rest < 0 || rest > LARGEST ? given : [...given, rest]
}

const filesOf = (wanted: number[]): Part[] =>
  wanted.map((bytes) => ({ field: 'files', content: Buffer.alloc(bytes, 7) }))
const sum = (numbers: number[]) => numbers.reduce((all, one) => all + one, 0)

/** Checks status and error code of an answer. Returns whether the request was accepted. */
function expectAnswer({ status, body }: Answer, refusal: Expected | null, accepted: number): boolean {
  const said = JSON.stringify(body)
  expect(status, said).to.equal(refusal?.status ?? accepted)
  if (refusal) expect(refusal.codes).to.include(body.err.code)
  return !refusal
}

/** Compares the usage of a user and of the server, as the API returns it, with the model. */
export async function expectSums(model: Model, { users, admin }: Real, at: number): Promise<void> {
  const [used, limit] = [model.usedBy(at), Number(model.limits[at])]
  const own = await (users[at] as TestUser).get('/api/space').expect(200)
  const free = Math.max(0, limit - used)
  expect(own.body.res).to.deep.equal({
    used,
    limit,
    free,
    reserved: 0,
    files: model.filesOf(at),
    fileLimit: 250_000,
  })
  const { body } = await admin.get('/api/space').expect(200)
  expect(body.res.server).to.deep.equal({ used: model.used(), limit: model.serverLimit })
}

const created = fc.record({ user, sizes, images: fc.nat(1), visibility, chunked: fc.boolean() })

export const operations = [
  operation('create', created, async (model, real, given) => {
    const owner = given.user
    const bytes = given.images * model.pictureBytes
    const files = sizesOf(model, owner, given.sizes, bytes)
    const pictures = Array.from(
      { length: given.images },
      (): Part => ({ field: 'images', content: real.picture }),
    )
    const parts = [
      ...filesOf(files),
      ...pictures,
      { field: 'visibility' as const, content: given.visibility },
    ]
    const answer = await real.upload(
      real.users[owner] as TestUser,
      'POST',
      '/api/assets',
      parts,
      given.chunked,
    )
    const refusal = model.overflow(owner, sum(files) + bytes)
    if (!expectAnswer(answer, refusal, 201)) return
    const { id, images } = answer.body.res.asset
    model.assets.push({
      id,
      owner,
      files,
      images: images.map((image: { id: string }) => image.id),
      version: 1,
      visibility: given.visibility,
      collaborators: new Map(),
      gone: false,
    })
  }),

  onAsset('replace', fc.record({ sizes, chunked: fc.boolean() }), async (model, real, given) => {
    const { asset } = given
    const files = sizesOf(model, asset.owner, given.sizes)
    const path = `/api/assets/${asset.id}/files`
    const by = real.users[given.user] as TestUser
    const answer = await real.upload(by, 'PUT', path, filesOf(files), given.chunked)
    const refusal = model.denial(asset, given.user, 'write') ?? model.overflow(asset.owner, sum(files))
    if (!expectAnswer(answer, refusal, 200)) return
    asset.files = files
    asset.version++
  }),

  onAsset(
    'add pictures',
    fc.record({ count: fc.integer({ min: 1, max: 3 }) }),
    async (model, real, given) => {
      const { asset, count } = given
      const parts = Array.from({ length: count }, (): Part => ({ field: 'images', content: real.picture }))
      const by = real.users[given.user] as TestUser
      const answer = await real.upload(by, 'POST', `/api/assets/${asset.id}/images`, parts, false)
      const tooMany = asset.images.length + count > MAX_IMAGES
      const refusal =
        model.denial(asset, given.user, 'write') ??
        model.overflow(asset.owner, count * model.pictureBytes) ??
        (tooMany ? { status: 413, codes: ['too_large'] } : null)
      if (!expectAnswer(answer, refusal, 201)) return
      asset.images = answer.body.res.asset.images.map(({ id }: { id: string }) => id)
      asset.version++
      expect(answer.body.res.asset).to.include({ version: asset.version })
    },
  ),

  onAsset('remove a picture', fc.record({ pick }), async (model, real, given) => {
    const { asset } = given
    const id = asset.images[given.pick % Math.max(1, asset.images.length)]
    const by = real.users[given.user] as TestUser
    const answer = await by.delete(`/api/assets/${asset.id}/images/${id ?? 'none'}`)
    const none = id ? null : { status: 404, codes: ['not_found'] }
    if (!expectAnswer(answer, model.denial(asset, given.user, 'write') ?? none, 204)) return
    asset.images = asset.images.filter((one) => one !== id)
    asset.version++
  }),

  onAsset('delete', fc.constant({}), async (model, real, given) => {
    const { asset } = given
    const answer = await (real.users[given.user] as TestUser).delete(`/api/assets/${asset.id}`)
    if (expectAnswer(answer, model.denial(asset, given.user, 'owner'), 204)) asset.gone = true
  }),

  onAsset('change visibility', fc.record({ visibility }), async (model, real, given) => {
    const { asset } = given
    const by = real.users[given.user] as TestUser
    const answer = await by.patch(`/api/assets/${asset.id}`).send({ visibility: given.visibility })
    if (!expectAnswer(answer, model.denial(asset, given.user, 'owner'), 200)) return
    // A PATCH that changes nothing makes no new version.
    if (asset.visibility !== given.visibility) asset.version++
    asset.visibility = given.visibility
  }),

  onAsset(
    'share',
    fc.record({ other: user, access: fc.constantFrom('read', 'write', null) }),
    async (model, real, { asset, access, ...given }) => {
      const other = given.other === asset.owner ? (given.other + 1) % USERS : given.other
      const by = real.users[given.user] as TestUser
      const path = `/api/assets/${asset.id}/collaborators/${real.users[other]?.user.username}`
      const answer = access ? await by.put(path).send({ access }) : await by.delete(path)
      const unknown = access || asset.collaborators.has(other) ? null : { status: 404, codes: ['not_found'] }
      const refusal = model.denial(asset, given.user, 'owner') ?? unknown
      if (!expectAnswer(answer, refusal, access ? 200 : 204)) return
      if (access) asset.collaborators.set(other, access as 'read' | 'write')
      else asset.collaborators.delete(other)
    },
  ),

  operation(
    'limit',
    fc.record({ user: fc.option(user), limit: fc.integer({ min: 100_000, max: 1_500_000 }) }),
    async (model, real, given) => {
      if (given.user === null) {
        model.serverLimit = 2 * given.limit
        await Capacity.setLimit(model.serverLimit)
        expect((await Capacity.spaceOf(SERVER))?.limit).to.equal(model.serverLimit)
        return
      }
      const path = `/api/users/${real.users[given.user]?.user._id}`
      await real.admin
        .patch(path)
        .send({ space: { limit: given.limit } })
        .expect(200)
      model.limits[given.user] = given.limit
    },
  ),

  onAsset('read', fc.constant({}), async (model, real, { asset, user }) => {
    const answer = await (real.users[user] as TestUser).get(`/api/assets/${asset.id}`)
    if (!expectAnswer(answer, model.denial(asset, user, 'read'), 200)) return
    const { version, visibility, files, images, size, access } = answer.body.res.asset
    expect({ version, visibility, size, access }).to.deep.equal({
      version: asset.version,
      visibility: asset.visibility,
      size: sum(asset.files),
      access: model.levelOf(asset, user),
    })
    expect(files.map((file: { size: number }) => file.size)).to.deep.equal(asset.files)
    expect(images.map((image: { id: string }) => image.id)).to.deep.equal(asset.images)
  }),

  operation(
    'search',
    fc.record({
      user,
      scope: fc.constantFrom('all', 'public', 'mine', 'shared'),
      visibility: fc.option(visibility, { nil: undefined }),
    }),
    async (model, real, { user, ...query }) => {
      const { body } = await (real.users[user] as TestUser)
        .get('/api/assets')
        .query({ ...query, count: 1, limit: 100 })
        .expect(200)
      const wanted = model.found(user, query.scope, query.visibility).map(({ id }) => id)
      expect(body.res.assets.map(({ id }: { id: string }) => id)).to.have.members(wanted)
      expect(body.res.total).to.equal(wanted.length)
    },
  ),
]
