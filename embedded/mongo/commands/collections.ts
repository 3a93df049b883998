import { CommandError } from '../errors.ts'
import { ID_INDEX } from '../index/spec.ts'
import { compileFilter } from '../query/match.ts'
import type { Doc } from '../values/types.ts'
import { type Command, collectionName, collectionOf, docOf } from './command.ts'

export const create: Command = {
  fields: [],
  run: (call, engine) => {
    if (collectionOf(call, engine)) {
      throw new CommandError(48, `Collection ${call.database}.${collectionName(call)} already exists.`)
    }
    engine.catalog.create(call.database, collectionName(call))
    return {}
  },
}

export const drop: Command = {
  fields: [],
  run: (call, engine) => {
    const collection = collectionOf(call, engine)
    if (!collection) return {}
    const nIndexesWas = collection.specs.length
    engine.catalog.drop(collection)
    return { nIndexesWas, ns: collection.namespace }
  },
}

export const dropDatabase: Command = {
  fields: [],
  run: ({ database }, { catalog }) => {
    const collections = catalog.collectionsOf(database)
    for (const collection of collections) catalog.drop(collection)
    return collections.length > 0 ? { dropped: database } : {}
  },
}

export const listCollections: Command = {
  fields: ['filter', 'nameOnly', 'authorizedCollections', 'cursor'],
  run: ({ body, database }, { catalog, cursors }) => {
    const test = compileFilter(docOf(body.filter, 'filter'))
    const listed = catalog.collectionsOf(database).map(
      ({ name }): Doc => ({
        name,
        type: 'collection',
        options: {},
        info: { readOnly: false },
        idIndex: { ...ID_INDEX },
      }),
    )
    return cursors.open(`${database}.$cmd.listCollections`, listed.filter(test))
  },
}

export const listDatabases: Command = {
  fields: ['nameOnly'],
  run: (_call, { catalog }) => {
    const databases = catalog.databases().map((name) => ({ name, sizeOnDisk: 0, empty: false }))
    return { databases, totalSize: 0, totalSizeMb: 0 }
  },
}
