import mongoose, { type IndexDefinition, type IndexOptions, type Model } from 'mongoose'
import '../../models/all.ts'
import { isDuplicateKey } from '../../models/database-errors.ts'

/** Largest number of duplicate values reported for an index, and of ids reported for a value. */
const MAX_NAMED = 20

/** A unique index cannot be built, because several documents have the same value. */
export class DuplicateValues extends Error {
  override readonly name = 'DuplicateValues'
}

type AnyModel = Model<unknown>
type Index = [fields: IndexDefinition, options: IndexOptions]

interface Duplicate {
  value: unknown
  ids: string[]
  count: number
}

const allModels = (): AnyModel[] => Object.values(mongoose.models)

/**
 * Builds the indexes that the models declare and drops those they no longer declare. An index that cannot be built
 * does not prevent the indexes of other collections.
 *
 * @throws DuplicateValues with the values and ids of every index that cannot be built because of duplicates
 */
export async function syncIndexes(): Promise<void> {
  const duplicates: string[] = []
  for (const model of allModels()) {
    try {
      await model.createCollection()
      await model.syncIndexes()
    } catch (error) {
      const found = isDuplicateKey(error) ? await describeDuplicates(model) : []
      if (found.length === 0) throw error
      duplicates.push(...found)
    }
  }
  if (duplicates.length > 0) throw new DuplicateValues(duplicates.join('\n'))
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

async function missingUnique(model: AnyModel): Promise<Index[]> {
  // The types are wrong: with this option it returns the options too.
  const { toCreate } = (await model.diffIndexes({ indexOptionsToCreate: true })) as { toCreate: unknown[] }
  return (toCreate as Index[]).filter(isUnique)
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
