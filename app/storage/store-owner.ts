import { Installation } from '../../models/installation.ts'
import { MARK, type ObjectStore } from './object-store.ts'

/** The mark of the store names another database, so this service must not delete or judge its objects. */
export class ForeignStoreError extends Error {
  override readonly name = 'ForeignStoreError'

  constructor(store: ObjectStore) {
    super(
      `The store belongs to another database. ${store.description}\n` +
        "Two services that share a store remove each other's files. Give this one a bucket, an S3_PREFIX or a DATA_DIR of its own. " +
        'If the other service no longer exists: `npm run restore -- DIR --take-bucket` takes over the store with a backup; ' +
        `without a backup, delete the object ${MARK} in the store.`,
    )
  }
}

type Owner = 'this database' | 'another database' | 'nobody'

/** Returns which database the mark of the store names. */
async function ownerOf(store: ObjectStore): Promise<Owner> {
  const mark = await store.readMark()
  if (mark === null) return 'nobody'
  return mark.trim() === (await Installation.currentId()) ? 'this database' : 'another database'
}

/** Returns whether the store belongs to this database. Marks a store that belongs to nobody. */
export async function claimStore(store: ObjectStore): Promise<boolean> {
  if ((await ownerOf(store)) === 'nobody')
    await store.writeMark(`${await Installation.currentId()}\n`, { replace: false })
  return (await ownerOf(store)) === 'this database'
}

/** @throws ForeignStoreError when the store belongs to another database */
export async function refuseForeignStore(store: ObjectStore): Promise<void> {
  if ((await ownerOf(store)) === 'another database') throw new ForeignStoreError(store)
}

/** Gives the database a new id and marks the store with it, even if the store belonged to another database. */
export async function takeOverStore(store: ObjectStore): Promise<void> {
  await store.writeMark(`${await Installation.renewId()}\n`, { replace: true })
}
