import { CommandError } from '../errors.ts'
import type { IndexSpec } from '../index/spec.ts'
import { Collection } from './collection.ts'
import type { Store } from './store.ts'

/** All databases and their collections. The first write to a collection creates it. */
export class Catalog {
  readonly #collections = new Map<string, Collection>()
  #nextUid: number

  constructor(readonly store: Store) {
    this.#nextUid = store.lastUid() + 1
    for (const { namespace, entry } of store.collections()) {
      const collection = new Collection(namespace, entry.uid, store)
      // `normaliseSpec` checked the indexes before they were stored
      collection.load(entry.indexes as unknown as IndexSpec[])
      this.#collections.set(namespace, collection)
      this.#nextUid = Math.max(this.#nextUid, entry.uid + 1)
    }
  }

  find(database: string, name: string): Collection | undefined {
    return this.#collections.get(`${database}.${name}`)
  }

  findOrCreate(database: string, name: string): Collection {
    return this.find(database, name) ?? this.create(database, name)
  }

  create(database: string, name: string): Collection {
    checkNames(database, name)
    const collection = new Collection(`${database}.${name}`, this.#nextUid, this.store)
    this.#nextUid += 1
    this.#collections.set(collection.namespace, collection)
    collection.save()
    return collection
  }

  drop(collection: Collection): void {
    collection.clear()
    this.#collections.delete(collection.namespace)
  }

  collectionsOf(database: string): Collection[] {
    const prefix = `${database}.`
    return [...this.#collections.values()].filter(({ namespace }) => namespace.startsWith(prefix))
  }

  all(): Iterable<Collection> {
    return this.#collections.values()
  }

  databases(): string[] {
    const names = Array.from(this.#collections.keys(), (namespace) => namespace.split('.')[0] ?? '')
    return [...new Set(names)].sort()
  }
}

function checkNames(database: string, name: string): void {
  if (!/^[^\s/\\."$*<>:|?\0]{1,63}$/.test(database) || name === '' || /^\.|\.$|\$|\0/.test(name)) {
    throw new CommandError(73, `Invalid namespace specified '${database}.${name}'`)
  }
}
