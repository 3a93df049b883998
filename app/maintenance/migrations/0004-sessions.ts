import type { mongo } from 'mongoose'
import { changeInBatches, collectionOf, type Migration } from './migration.ts'

interface StoredSession {
  _id: mongo.ObjectId
  user: mongo.ObjectId
  epoch?: number
  account?: object
}

interface StoredUser {
  _id: mongo.ObjectId
  username: string
  access: 'user' | 'admin'
  disabled?: boolean
  deleting?: boolean
  sessionEpoch?: number
  epochSession?: mongo.ObjectId | null
  accountVersion?: number
}

/**
 * Stores `account` in sessions: what a request needs of the user. Deletes sessions that are no longer valid for their
 * user. A session that the service has changed in the meantime stays as it is.
 */
export const sessions: Migration = {
  name: '0004-sessions',
  up: (context) =>
    changeInBatches<StoredSession>(
      'sessions',
      { account: { $exists: false } },
      async (batch, collection) => {
        const users = await usersOf(batch)
        const changes = batch.map((session): mongo.AnyBulkWriteOperation<StoredSession> => {
          const filter = { _id: session._id, account: { $exists: false } }
          const user = users.get(session.user.toString())
          if (!user || !isValid(session, user)) return { deleteOne: { filter } }
          const update = { $set: { account: accountOf(user) }, $max: { epoch: user.sessionEpoch ?? 0 } }
          return { updateOne: { filter, update } }
        })
        await collection.bulkWrite(changes, { ordered: false })
      },
      context,
    ),
}

async function usersOf(sessions: StoredSession[]): Promise<Map<string, StoredUser>> {
  const users = collectionOf<StoredUser>('users')
  const found = await users.find({ _id: { $in: sessions.map(({ user }) => user) } }).toArray()
  return new Map(found.map((user) => [user._id.toString(), user]))
}

const isValid = (
  { _id, epoch = 0 }: StoredSession,
  { disabled, deleting, sessionEpoch, epochSession }: StoredUser,
): boolean => !disabled && !deleting && ((sessionEpoch ?? 0) === epoch || Boolean(epochSession?.equals(_id)))

const accountOf = ({ username, access, accountVersion }: StoredUser) => ({
  username,
  access,
  version: accountVersion ?? 0,
})
