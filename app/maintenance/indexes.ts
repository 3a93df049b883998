import mongoose, { type IndexDefinition, type IndexOptions, type Model, mongo } from 'mongoose'
import '../../models/all.ts'
import { isDuplicateKey } from '../../models/database-errors.ts'
import { IndexRecord } from '../../models/index-record.ts'
import { SchemaVersion } from '../../models/schema-version.ts'
import { removeFormerWords } from './migrations/0006-find.ts'
import { searchFormOf } from './migrations/migrations.ts'

/** Largest number of duplicate values reported for an index, and of ids reported for a value. */
const MAX_NAMED = 20

/** A unique index cannot be built, because several documents have the same value. */
export class DuplicateValues extends Error {
  override readonly name = 'DuplicateValues'
}

/** An index has the name or the fields of a declared one, but other options. */
export class IndexConflict extends Error {
  override readonly name = 'IndexConflict'
}

/** Error codes of a second text index, and of an index with the name or the fields of another one. */
const CONFLICTS = new Set<unknown>([67, 85, 86])

/** Indexes of releases that kept no record of their names. */
const UNRECORDED = new Set([
  'activities.accounts_1_at_-1__id_-1',
  'activities.at_-1__id_-1',
  'activities.expiresAt_1',
  'assets.owner_1_createdAt_-1__id_-1',
  'assets.readers_1_createdAt_-1__id_-1',
  'assets.readers_1_downloads_-1__id_-1',
  'assets.readers_1_nameKey_1__id_1',
  'assets.readers_1_size_-1__id_-1',
  'assets.readers_1_updatedAt_-1__id_-1',
  'assets.tags_1_createdAt_-1__id_-1',
  'projects.owner_1',
  'uploads.heartbeatAt_1',
  'uploads.owner_1',
])

type AnyModel = Model<unknown>
type Index = [fields: IndexDefinition, options: IndexOptions]

interface Duplicate {
  value: unknown
  ids: string[]
  count: number
}

const allModels = (): AnyModel[] => Object.values(mongoose.models)

interface Unused {
  /** Indexes that a release has built and this one does not declare, as `collection.index`. */
  names: string[]
  /** Whether they were dropped. */
  dropped: boolean
}

/**
 * Builds the indexes that the models declare. An index that cannot be built does not prevent the indexes of other
 * collections. Then, only with `drop`, drops indexes that only other releases declare. Indexes that no release has built
 * are kept.
 *
 * @throws DuplicateValues with the values and ids of every index that cannot be built because of duplicates
 * @throws IndexConflict when an index must be dropped first, without `drop`
 */
export async function syncIndexes({ drop = false } = {}): Promise<Unused> {
  const duplicates: string[] = []
  for (const model of allModels()) {
    try {
      await model.createCollection()
      await build(model, drop)
    } catch (error) {
      const found = isDuplicateKey(error) ? await describeDuplicates(model) : []
      if (found.length === 0) throw error
      duplicates.push(...found)
    }
  }
  if (duplicates.length > 0) throw new DuplicateValues(duplicates.join('\n'))
  const names = await unusedIndexes()
  if (drop) {
    for (const name of names) await dropIndex(name)
    if (searchFormOf((await SchemaVersion.current()) ?? 0) === 'words') await removeFormerWords()
  }
  return { names, dropped: drop }
}

const nameOf = ([fields, { name }]: Index) => name ?? Object.entries(fields).flat().join('_')

/** Builds the indexes of a collection that are missing, one command for each, and records all their names. */
async function build(model: AnyModel, drop: boolean): Promise<void> {
  const { collectionName } = model.collection
  for (const index of await missingIndexes(model)) {
    const [fields, { background: _, ...options }] = index
    const key = fields as Record<string, mongo.IndexDirection>
    const create = () =>
      // An index of a large collection takes longer than the socket timeout of other commands.
      model.collection.createIndex(key, { ...options, socketTimeoutMS: 0 } as mongo.CreateIndexesOptions)
    try {
      await create()
    } catch (error) {
      if (!(error instanceof mongo.MongoServerError) || !CONFLICTS.has(error.code)) throw error
      if (!drop)
        throw new IndexConflict(
          `Index ${nameOf(index)} of ${collectionName} cannot be built beside the present one: ${error.message}.\n` +
            'Stop processes of the previous release, then run `npm run db:indexes -- --drop`, which replaces it.',
        )
      await model.collection.dropIndex(nameOf(index))
      await create()
    }
  }
  const declared = model.schema.indexes() as Index[]
  if (declared.length > 0) await IndexRecord.add(declared.map((one) => `${collectionName}.${nameOf(one)}`))
}

/** Returns the indexes that a release has built and no model declares. */
async function unusedIndexes(): Promise<string[]> {
  const declared = allModels().flatMap((model) =>
    (model.schema.indexes() as Index[]).map((index) => `${model.collection.collectionName}.${nameOf(index)}`),
  )
  const built = new Set([...UNRECORDED, ...(await IndexRecord.allNames())])
  const collections = [...new Set([...built].map((name) => name.slice(0, name.indexOf('.'))))]
  const unused: string[] = []
  for (const name of collections)
    for (const index of await indexesOf(name)) {
      const one = `${name}.${index}`
      if (built.has(one) && !declared.includes(one)) unused.push(one)
    }
  return unused.sort()
}

const NAMESPACE_NOT_FOUND = 26

/** Returns the names of the indexes of a collection; none if it does not exist. */
async function indexesOf(collection: string): Promise<string[]> {
  try {
    const found = await mongoose.connection.collection(collection).listIndexes().toArray()
    return found.map(({ name }) => String(name))
  } catch (error) {
    if (error instanceof mongo.MongoServerError && error.code === NAMESPACE_NOT_FOUND) return []
    throw error
  }
}

async function dropIndex(name: string): Promise<void> {
  const [collection = '', index = ''] = [name.slice(0, name.indexOf('.')), name.slice(name.indexOf('.') + 1)]
  await mongoose.connection.collection(collection).dropIndex(index)
  await IndexRecord.remove(name)
}

/** Returns the unique indexes that are declared and not built, as `collection.field`. One request per collection. */
export async function missingUniqueIndexes(): Promise<string[]> {
  const names: string[] = []
  for (const model of allModels().filter(hasUnique))
    for (const [fields] of await missingUnique(model))
      names.push(`${model.collection.name}.${Object.keys(fields).join('+')}`)
  return names
}

const isUnique = ([, options]: Index) => options.unique === true
const hasUnique = (model: AnyModel) => (model.schema.indexes() as Index[]).some(isUnique)

const missingUnique = async (model: AnyModel) => (await missingIndexes(model)).filter(isUnique)

async function missingIndexes(model: AnyModel): Promise<Index[]> {
  // The types are wrong: with this option it returns the options too.
  const { toCreate } = (await model.diffIndexes({ indexOptionsToCreate: true })) as { toCreate: unknown[] }
  return toCreate as Index[]
}

async function describeDuplicates(model: AnyModel): Promise<string[]> {
  const lines: string[] = []
  for (const [fields, { partialFilterExpression = {} }] of await missingUnique(model)) {
    const names = Object.keys(fields)
    // Every unique index of the models has one field.
    const [field = ''] = names
    const where = `${model.collection.name}.${field}`
    for (const { value, ids, count } of await findDuplicates(model, field, partialFilterExpression)) {
      const more = count > ids.length ? ` and ${count - ids.length} more` : ''
      lines.push(
        `${where}: ${count} documents have the value ${JSON.stringify(value)}: ${ids.join(', ')}${more}`,
      )
    }
  }
  return lines
}

async function findDuplicates(
  model: AnyModel,
  field: string,
  condition: Record<string, unknown>,
): Promise<Duplicate[]> {
  const groups = await model.aggregate<{ _id: unknown; count: number }>([
    { $match: condition },
    { $group: { _id: `$${field}`, count: { $sum: 1 } } },
    { $match: { count: { $gt: 1 } } },
    { $limit: MAX_NAMED },
  ])
  return Promise.all(
    groups.map(async ({ _id: value, count }) => {
      const same = { $and: [condition, { [field]: value }] }
      const found = await model.collection.find(same, { projection: { _id: 1 }, limit: MAX_NAMED }).toArray()
      return { value, count, ids: found.map(({ _id }) => String(_id)) }
    }),
  )
}
