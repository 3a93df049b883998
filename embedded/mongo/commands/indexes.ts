import { CommandError } from '../errors.ts'
import { ID_INDEX, type IndexSpec, normaliseSpec } from '../index/spec.ts'
import type { Collection } from '../storage/collection.ts'
import { isEqual } from '../values/order.ts'
import type { Doc } from '../values/types.ts'
import { type Call, type Command, collectionName, collectionOf, docsOf, type Engine } from './command.ts'

const toDoc = (spec: IndexSpec): Doc => ({ ...spec })

export const createIndexes: Command = {
  fields: ['indexes', 'commitQuorum'],
  run: (call, engine) => {
    const given = docsOf(call.body.indexes, 'indexes')
    const specs = given.map(normaliseSpec)
    const existed = collectionOf(call, engine) !== undefined
    const collection = engine.catalog.findOrCreate(call.database, collectionName(call))
    const before = collection.specs.length
    for (const spec of specs) if (isNewIndex(spec, collection)) collection.addIndex(spec)
    const after = collection.specs.length
    return {
      numIndexesBefore: before,
      numIndexesAfter: after,
      createdCollectionAutomatically: !existed,
      ...(before === after && { note: 'all indexes already exist' }),
    }
  },
}

/**
 * Returns false if the same index exists.
 *
 * @throws 67 for a second text index
 * @throws 85 for other options or another name than an index with the same key
 * @throws 86 for another key than the index with the same name
 */
function isNewIndex(spec: IndexSpec, { specs }: Collection): boolean {
  const identical = specs.find((other) => isEqual(toDoc(other), toDoc(spec)))
  if (identical) return false
  if (spec.weights && specs.some(({ weights }) => weights)) {
    throw new CommandError(67, 'only one text index per collection allowed')
  }
  const named = specs.find(({ name }) => name === spec.name)
  if (named && !isEqual(identity(named), identity(spec))) {
    throw new CommandError(86, `An existing index has the same name as the requested index: ${spec.name}`)
  }
  const sameKey = named ?? specs.find((other) => isEqual(identity(other), identity(spec)))
  if (sameKey)
    throw new CommandError(85, `Index already exists with different options or name: ${sameKey.name}`)
  return true
}

/** The properties that identify an index, besides its name. */
const identity = ({ key, unique = false, sparse = false, partialFilterExpression }: IndexSpec): Doc => ({
  key,
  unique,
  sparse,
  partial: partialFilterExpression ?? null,
})

function requireCollection(call: Call, engine: Engine): Collection {
  const collection = collectionOf(call, engine)
  if (!collection) throw new CommandError(26, `ns does not exist: ${call.database}.${collectionName(call)}`)
  return collection
}

export const listIndexes: Command = {
  fields: ['cursor'],
  run: (call, engine) => {
    const collection = requireCollection(call, engine)
    return engine.cursors.open(
      `${call.database}.$cmd.listIndexes.${collection.name}`,
      collection.specs.map(toDoc),
    )
  },
}

export const dropIndexes: Command = {
  fields: ['index'],
  run: (call, engine) => {
    const collection = requireCollection(call, engine)
    const nIndexesWas = collection.specs.length
    for (const name of namesOf(call.body.index, collection)) collection.dropIndex(name)
    return { nIndexesWas }
  },
}

function namesOf(index: unknown, { specs }: Collection): string[] {
  const names = specs.map(({ name }) => name)
  if (index === '*') return names.filter((name) => name !== ID_INDEX.name)
  if (index === ID_INDEX.name) throw new CommandError(72, 'cannot drop _id index')
  const name = names.find((known) => known === index)
  if (name === undefined) throw new CommandError(27, `index not found with name [${JSON.stringify(index)}]`)
  return [name]
}
