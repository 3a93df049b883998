import { expect } from 'chai'
import fc from 'fast-check'
import { Asset, type AssetFields } from '../../../models/asset.ts'
import type { TestApp } from '../app/app.ts'
import { insertAsset } from '../app/assets.ts'
import { signUp, signUpAdmin, type TestUser } from '../app/users.ts'
import { type DrawnAsset, drawnAsset, drawnQuery, PEOPLE, type Query } from './draw.ts'
import { FindModel, type ViewerName } from './model.ts'

const some = <T>(values: readonly T[]) => fc.constantFrom(...values)

/** The parameters of a comparison. */
interface Comparison {
  searches: number
  viewers?: readonly ViewerName[]
  queries?: fc.Arbitrary<Query>
}

/** Who searches: nobody, owners, who are collaborators of each other, a former collaborator of every asset, an admin. */
const VIEWERS: readonly ViewerName[] = [null, 'user0', 'user1', 'user2', 'former', 'root']

/** Assets that are inserted during one search. More could keep its last page away for ever. */
const MOST_INSERTED = 20

/** Random assets of several owners, and comparisons of searches over HTTP with the model. */
export class FindScene {
  #seed: number

  private constructor(
    private readonly app: TestApp,
    private readonly users: ReadonlyMap<string, TestUser>,
    /** Draws everything. A failed comparison names it. */
    readonly seed: number,
  ) {
    this.#seed = seed
  }

  static async create(app: TestApp, seed: number): Promise<FindScene> {
    const users = new Map<string, TestUser>()
    for (const name of [...PEOPLE, 'former'])
      users.set(name, await signUp(app, name, { discoverable: name !== 'user2' }))
    users.set('root', await signUpAdmin(app, 'root'))
    return new FindScene(app, users, seed)
  }

  user(name: string): TestUser {
    const user = this.users.get(name)
    if (!user) throw new Error(`there is no user ${name}`)
    return user
  }

  #sample<T>(drawn: fc.Arbitrary<T>, numRuns: number): T[] {
    return fc.sample(drawn, { numRuns, seed: this.#seed++ })
  }

  /**
   * Replaces all assets by random ones, some of them deleted.
   *
   * @param hasFormer whether about half of them are stored as by the former release, without keys
   */
  async plant(count: number, { hasFormer = false } = {}): Promise<void> {
    await Asset.deleteMany({})
    for (const { isDeleted, ...asset } of this.#sample(drawnAsset, count)) {
      const isFormer = hasFormer && asset.isFormer
      // earlier releases stored no license
      const { _id } = await this.#insert(isFormer ? { ...asset, license: null } : asset)
      if (isDeleted)
        await Asset.collection.updateOne({ _id }, { $set: { state: 'deleting', readers: [], keys: [] } })
      if (isFormer) await Asset.collection.updateOne({ _id }, { $unset: { keys: '', keysForm: '' } })
    }
  }

  /** Shares assets with a user and takes that back. */
  async shareForAWhile(count: number): Promise<void> {
    for (const name of PEOPLE) {
      const owner = this.user(name)
      const assets = await Asset.find(
        { owner: owner.user._id, state: 'ready', lock: null },
        { _id: 1 },
      ).limit(count)
      for (const { _id } of assets) {
        const path = `/api/assets/${_id}/collaborators/former`
        await owner.put(path).send({ access: 'write' }).expect(200)
        await owner.delete(path).expect(204)
      }
    }
  }

  /** Disables an owner, whose token is then refused. */
  async disable(name: string): Promise<void> {
    const { user } = this.user(name)
    await this.user('root').patch(`/api/users/${user._id}`).send({ disabled: true }).expect(200)
    await this.user(name).get('/api/assets').expect(401)
  }

  #insert({
    owner,
    collaborators,
    files,
    isFormer: _,
    ...fields
  }: Omit<DrawnAsset, 'isDeleted'>): Promise<AssetFields> {
    const userOf = (n: number) => this.user(PEOPLE[n] ?? '').user
    return insertAsset(userOf(owner), {
      ...fields,
      files: files.map((file, n) => ({ ...file, id: `f${n}`, key: `k${n}`, size: 1, media: 'other' })),
      collaborators: collaborators
        .filter((n) => n !== owner)
        .map((n) => ({
          user: userOf(n)._id,
          access: n % 2 ? 'write' : 'read',
          addedAt: fields.createdAt,
        })) as AssetFields['collaborators'],
    })
  }

  async #read(query: Query, viewer: ViewerName, more: Record<string, string>) {
    const parameters = new URLSearchParams(more)
    for (const [name, value] of Object.entries(query))
      for (const one of [value].flat()) parameters.append(name, String(one))
    const path = `/api/assets?${parameters}`
    const { body, status } = await (viewer === null ? this.app.api.get(path) : this.user(viewer).get(path))
    expect(status, `${path} ${JSON.stringify(body)}`).to.equal(200)
    return body.res
  }

  /** Yields the ids of each page. */
  async *#pages(query: Query, viewer: ViewerName, limit: number): AsyncGenerator<string[]> {
    let cursor = ''
    do {
      const more = { limit: String(limit), ...(cursor ? { cursor } : {}) }
      const { assets, next } = await this.#read(query, viewer, more)
      yield assets.map(({ id }: { id: string }) => id)
      cursor = next
    } while (cursor)
  }

  #draw({ searches, viewers = VIEWERS, queries = drawnQuery }: Comparison) {
    const limit = fc.oneof(fc.integer({ min: 1, max: 8 }), fc.integer({ min: 1, max: 100 }))
    const signedIn = viewers.find((viewer) => viewer !== null) ?? null
    return this.#sample(fc.tuple(queries, some(viewers), limit), searches).map(([query, drawn, most]) => {
      const viewer = query.scope === 'mine' || query.scope === 'shared' ? (drawn ?? signedIn) : drawn
      return { query, viewer, limit: most, text: `seed ${this.seed}: ${JSON.stringify(query)} by ${viewer}` }
    })
  }

  /** Compares random searches with the model: the assets of all pages in sequence, total, facets and `matched`. */
  async compare(comparison: Comparison): Promise<void> {
    const model = await FindModel.read()
    for (const { query, viewer, limit, text } of this.#draw(comparison)) {
      if (!model.reachesAllWords(query)) continue
      const { assets, matched } = model.find(query, viewer)
      const ids = assets.map(({ _id }) => _id.toString())
      const answered: string[] = []
      for await (const page of this.#pages(query, viewer, limit)) answered.push(...page)
      expect(answered, text).to.deep.equal(ids)
      const again = await this.#pages(query, viewer, limit).next()
      expect(again.value, `${text}: the first page again`).to.deep.equal(ids.slice(0, limit))
      const first = await this.#read(query, viewer, { limit: '1', count: '1', facets: '1' })
      expect([first.total, first.matched], text).to.deep.equal([ids.length, matched])
      expect(first.facets, text).to.deep.equal(model.facets(query, viewer))
    }
  }

  /** Pages through random searches while assets are inserted and deleted: what stayed is on exactly one page. */
  async pageDuringChanges(comparison: Comparison): Promise<void> {
    for (const { query, viewer, limit, text } of this.#draw(comparison)) {
      const model = await FindModel.read()
      if (!model.reachesAllWords(query)) continue
      const before = model.find(query, viewer).assets.map(({ _id }) => _id.toString())
      const answered: string[] = []
      const inserted = new Set<string>()
      const deleted = new Set<string>()
      for await (const page of this.#pages(
        query,
        viewer,
        Math.min(limit, Math.ceil(before.length / 3) || 1),
      )) {
        answered.push(...page)
        // a disabled owner inserts nothing
        for (const asset of this.#sample(drawnAsset, inserted.size < MOST_INSERTED ? 2 : 0))
          inserted.add((await this.#insert({ ...asset, owner: asset.owner % 3 }))._id.toString())
        for (const id of await this.#deleteOne([...answered, ...before])) deleted.add(id)
      }
      expect(new Set(answered).size, `${text}: repeated`).to.equal(answered.length)
      const known = answered.filter((id) => !inserted.has(id))
      expect(known, text).to.deep.equal(before.filter((id) => known.includes(id)))
      const missed = before.filter((id) => !deleted.has(id) && !known.includes(id))
      expect(missed, `${text}: missed`).to.deep.equal([])
    }
  }

  /** Deletes a random one of these assets that its owner can delete. */
  async #deleteOne(ids: string[]): Promise<string[]> {
    const owners = PEOPLE.filter((name) => name !== 'off').map((name) => this.user(name))
    const owner = { $in: owners.map(({ user }) => user._id) }
    const assets = await Asset.find(
      { _id: { $in: ids }, owner, state: 'ready', lock: null },
      { owner: 1 },
    ).lean()
    if (assets.length === 0) return []
    const [asset] = this.#sample(some(assets), 1)
    const user = owners.find(({ user: { _id } }) => asset?.owner.equals(_id))
    if (!asset || !user) return []
    await user.delete(`/api/assets/${asset._id}`).expect(204)
    return [asset._id.toString()]
  }
}
