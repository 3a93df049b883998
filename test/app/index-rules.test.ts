import { expect } from 'chai'
import mongoose, { type IndexDefinition, type IndexOptions } from 'mongoose'
import '../../models/all.ts'
import { SORTS } from '../../models/asset-search.ts'
import { startApp, type TestApp } from '../support/app/app.ts'
import { insertAsset, uploadAsset } from '../support/app/assets.ts'
import { monitoredUri } from '../support/app/monitor-commands.ts'
import { signUp, signUpAdmin, type TestUser } from '../support/app/users.ts'

/** Rules of MongoDB 8.0. Some engines do not enforce all of them. */
const MAX_INDEXES = 64
const MAX_DOCUMENT_BYTES = 16 * 1024 * 1024
/** Operators that a `partialFilterExpression` can have, besides equality (manual, "Partial Indexes"). */
const PARTIAL_OPERATORS = ['$eq', '$exists', '$gt', '$gte', '$lt', '$lte', '$type', '$and', '$or', '$in']
/** Our own limit, because each index costs time at every insert. */
const MAX_ASSET_INDEXES = 20

type Json = Record<string, unknown>
type Schema = mongoose.Schema

const isDoc = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype

/** Returns the paths of the arrays on the way to a field: `files` and `files.tags` for `files.tags`. */
function arraysOn(schema: Schema, path: string): string[] {
  const parts = path.split('.')
  for (let length = 1; length <= parts.length; length += 1) {
    const prefix = parts.slice(0, length).join('.')
    const type = schema.path(prefix)
    if (!type) continue
    const rest = parts.slice(length).join('.')
    const inner =
      type.schema && rest ? arraysOn(type.schema, rest).map((inside) => `${prefix}.${inside}`) : []
    return /Array$/.test(type.instance) ? [prefix, ...inner] : inner
  }
  return []
}

/** Returns every operator in a filter, with its operand. */
function operatorsOf(value: unknown): [operator: string, operand: unknown][] {
  if (Array.isArray(value)) return value.flatMap(operatorsOf)
  if (!isDoc(value)) return []
  return Object.entries(value).flatMap(([name, operand]): [string, unknown][] => [
    ...(name.startsWith('$') ? [[name, operand] as [string, unknown]] : []),
    ...operatorsOf(operand),
  ])
}

/** Returns the rules that the indexes of a schema break. */
function brokenByIndexes(schema: Schema): string[] {
  const indexes = schema.indexes() as [IndexDefinition, IndexOptions][]
  const broken = indexes.flatMap(([fields, options]) => {
    const name = JSON.stringify(fields)
    const text = Object.values(fields).includes('text')
    const arrays = text ? [] : Object.keys(fields).flatMap((path) => arraysOn(schema, path))
    // two fields below the same array are no parallel arrays
    const roots = new Set(arrays.map((path) => path.split('.')[0]))
    const partial = operatorsOf(options.partialFilterExpression ?? {})
    return [
      ...(roots.size > 1 ? [`${name}: parallel arrays ${[...roots].join(', ')}`] : []),
      ...(Object.keys(fields).length > 32 ? [`${name}: more than 32 fields`] : []),
      ...(options.sparse && options.partialFilterExpression ? [`${name}: sparse and partial`] : []),
      ...(options.expireAfterSeconds !== undefined && Object.keys(fields).length > 1
        ? [`${name}: TTL over several fields`]
        : []),
      ...partial
        .filter(
          ([operator, operand]) =>
            !PARTIAL_OPERATORS.includes(operator) || (operator === '$exists' && operand !== true),
        )
        .map(([operator]) => `${name}: ${operator} in a partial filter`),
    ]
  })
  const names = indexes.map(([fields, { name }]) => name ?? Object.entries(fields).flat().join('_'))
  if (new Set(names).size < names.length) broken.push('two indexes with the same name')
  if (indexes.filter(([fields]) => Object.values(fields).includes('text')).length > 1)
    broken.push('two text indexes')
  // one more for `_id`
  if (indexes.length + 1 > MAX_INDEXES) broken.push(`more than ${MAX_INDEXES} indexes`)
  return broken
}

/** Returns the rules that a command breaks. */
function brokenByCommand(command: Json): string[] {
  const pipeline = Array.isArray(command.pipeline) ? (command.pipeline as Json[]) : []
  const updates = [command.updates, command.deletes].flatMap((list) =>
    Array.isArray(list) ? (list as Json[]) : [],
  )
  const filters = [
    command.filter,
    command.query,
    ...updates.map(({ q }) => q),
    ...pipeline.map(({ $match }) => $match),
  ]
  const operators = filters.flatMap(operatorsOf)
  const texts = filters.flatMap((filter) => operatorsOf(filter).filter(([operator]) => operator === '$text'))
  const inAlternatives = operators
    .filter(([operator]) => ['$or', '$nor', '$elemMatch', '$not'].includes(operator))
    .flatMap(([, operand]) => operatorsOf(operand))
  const laterMatches = pipeline.slice(1).flatMap(({ $match }) => operatorsOf($match))
  const sort = (command.sort ?? {}) as Json
  const changed = updates.flatMap(({ u }) =>
    isDoc(u) ? Object.values(u).flatMap((set) => (isDoc(set) ? Object.keys(set) : [])) : [],
  )
  const conflicts = changed.filter((path, at) =>
    changed.some((other, i) => i !== at && (other === path || other.startsWith(`${path}.`))),
  )
  return [
    ...(inAlternatives.some(([operator]) => operator === '$text')
      ? ['$text below $or, $nor, $not or $elemMatch']
      : []),
    ...(laterMatches.some(([operator]) => operator === '$text') ? ['$text after the first stage'] : []),
    ...(texts.length > 1 ? ['two $text'] : []),
    ...(texts.length > 0 && command.hint ? ['$text with a hint'] : []),
    ...(texts.length > 0 && '$natural' in sort ? ['$text sorted by $natural'] : []),
    ...(operators.some(([operator]) => ['$where', '$near', '$nearSphere'].includes(operator))
      ? ['$where or $near']
      : []),
    ...(operators.some(
      ([operator, operand]) => ['$and', '$or', '$nor'].includes(operator) && !(operand as unknown[]).length,
    )
      ? ['an empty $and, $or or $nor']
      : []),
    ...(updates.length === 1 && conflicts.length > 0 ? [`conflicting updates of ${conflicts}`] : []),
    ...(mongoose.mongo.BSON.calculateObjectSize(command) > MAX_DOCUMENT_BYTES ? ['larger than 16 MB'] : []),
  ]
}

describe('rules of MongoDB', () => {
  for (const [name, model] of Object.entries(mongoose.models))
    it(`indexes of ${name} – every rule → kept`, () => {
      expect(brokenByIndexes(model.schema)).to.deep.equal([])
    })

  it(`indexes of assets – number, with that of _id → at most ${MAX_ASSET_INDEXES}`, () => {
    expect(mongoose.models.Asset?.schema.indexes().length).to.be.within(1, MAX_ASSET_INDEXES - 1)
  })

  it('indexes of assets – every sort → one of the public assets and one of an owner, without arrays', () => {
    const indexes = (mongoose.models.Asset?.schema.indexes() ?? []).map(([fields]) => Object.keys(fields))
    for (const { field } of Object.values(SORTS))
      expect(indexes).to.deep.include.members([
        [field, '_id'],
        ['owner', field, '_id'],
      ])
  })

  it('rules – indexes and commands that break them → found', () => {
    const schema = new mongoose.Schema({ a: [String], b: [{ c: [String], d: String }], e: Date })
    schema.index({ a: 1, 'b.c': 1 })
    schema.index({ e: 1 }, { partialFilterExpression: { e: { $ne: null } } })
    expect(brokenByIndexes(schema as Schema)).to.have.length(2)
    const text = { $text: { $search: 'oak' } }
    expect(brokenByCommand({ find: 'a', filter: { $or: [text, { a: 1 }] } })).to.have.length(1)
    expect(brokenByCommand({ aggregate: 'a', pipeline: [{ $limit: 1 }, { $match: text }] })).to.have.length(1)
    expect(brokenByCommand({ find: 'a', filter: { $and: [] } })).to.have.length(1)
    expect(
      brokenByCommand({ update: 'a', updates: [{ q: {}, u: { $set: { a: 1 }, $push: { 'a.b': 1 } } }] }),
    ).to.have.length(1)
  })
})

describe('commands of the service', () => {
  let app: TestApp
  let ada: TestUser
  let admin: TestUser

  before(async () => {
    app = await startApp({ uri: await monitoredUri() })
    ada = await signUp(app, 'ada', { discoverable: true })
    admin = await signUpAdmin(app, 'root')
  })
  after(() => app.stop())

  const FILTERS = [
    ...[
      '',
      'type=3D',
      'media=model',
      'tag=wood&tag=oak',
      'owner=ada',
      'visibility=public',
      'minSize=1&maxSize=9',
    ],
    ...['createdAfter=2020-01-01', 'updatedBefore=2040-01-01', 'q=oak', 'q=oak&tag=wood&owner=ada'],
  ]

  /** The main requests of clients, and every kind of search. */
  async function run(): Promise<void> {
    for (let n = 0; n < 3; n += 1)
      await insertAsset(ada.user, {
        name: `Oak ${n}`,
        tags: ['wood', 'oak'],
        visibility: 'public',
        type: '3D',
        media: 'model',
      })
    const searches = FILTERS.flatMap((filter) => [
      ...[...Object.keys(SORTS), ...(filter.startsWith('q=') ? ['relevance'] : [])].map(
        (sort) => `${filter}&sort=${sort}`,
      ),
      ...['mine', 'shared', 'public'].map((scope) => `${filter}&scope=${scope}&count=1&facets=1`),
    ])
    for (const search of searches) {
      const query = `/api/assets?${search}&limit=1`
      const { body } = await ada.get(query).expect(200)
      if (body.res.next) await ada.get(`${query}&cursor=${body.res.next}`).expect(200)
    }
    const { id, files } = await uploadAsset(ada, { name: 'Elm', visibility: 'public' })
    await admin.patch(`/api/users/${ada.user._id}`).send({ spaceLimit: 1_000_000 })
    await ada
      .patch(`/api/assets/${id}`)
      .send({ name: 'Ash', tags: ['ash'], visibility: 'private' })
      .expect(200)
    await ada.put(`/api/assets/${id}/collaborators/root`).send({ access: 'write' }).expect(200)
    await ada.delete(`/api/assets/${id}/collaborators/root`).expect(204)
    await ada.put(`/api/assets/${id}/files`).attach('files', Buffer.from('new'), 'new.txt').expect(200)
    await ada.get(`/api/assets/${id}/files/${files[0]?.id}`)
    await ada.get(`/api/assets/${id}/download`).expect(200)
    await ada.post(`/api/assets/${id}/links`).send({}).expect(201)
    await ada.put(`/api/assets/${id}/lock`).send({ legalHold: true }).expect(200)
    await ada.delete(`/api/assets/${id}/lock`).expect(204)
    await ada.get('/api/users?q=a').expect(200)
    await ada.get('/api/projects').expect(200)
    await ada.get('/api/activity')
    await admin.get('/api/admin/activity').expect(200)
    for (const disabled of [true, false])
      await admin.patch(`/api/users/${ada.user._id}`).send({ disabled }).expect(200)
  }

  it('main requests, every search – each command → keeps the rules', async function () {
    this.timeout(120_000)
    const broken = new Map<string, Json>()
    let commands = 0
    const check = ({ command }: { command: Json }) => {
      commands += 1
      for (const rule of brokenByCommand(command)) broken.set(rule, command)
    }
    const client = mongoose.connection.getClient()
    client.on('commandStarted', check)
    try {
      await run()
    } finally {
      client.off('commandStarted', check)
    }
    expect(commands).to.be.greaterThan(300)
    expect([...broken]).to.deep.equal([])
  })
})
