import type { mongo } from 'mongoose'
import { isDuplicateKey } from '../../../models/database-errors.ts'
import { emailKey } from '../../../models/text.ts'
import { changeInBatches, collectionOf, type Migration, type MigrationContext } from './migration.ts'

interface StoredUser {
  _id: mongo.ObjectId
  email: string | null | undefined
}

/** Matches an address that can have another form: one with a blank, or with more than the visible characters of ASCII. */
const OTHER = { email: /[^!-~]/ }

/**
 * Puts the email addresses that earlier releases stored as they were sent into the form of `emailKey`. A user whose address
 * would become that of another user keeps it, and is reported.
 */
export const emails: Migration = {
  name: '0007-emails',
  up: (context) =>
    changeInBatches<StoredUser>('users', OTHER, (users) => changeEmails(users, context), context),
}

async function changeEmails(
  batch: StoredUser[],
  { report }: Pick<MigrationContext, 'report'>,
): Promise<void> {
  const users = collectionOf<StoredUser>('users')
  for (const { _id, email: former } of batch) {
    const email = former ? emailKey(former).trim() : null
    if (!email || email === former) continue
    const other = await users.findOne({ email, _id: { $ne: _id } }, { projection: { _id: 1 } })
    const isFree = !other && (await unlessTaken(users.updateOne({ _id, email: former }, { $set: { email } })))
    if (!isFree)
      report(
        `users: ${_id} and ${other?._id ?? 'another user'} have the same email address in another form of Unicode. ` +
          'Both keep it and can sign in. Ask one of them to change it.',
      )
  }
}

/** Returns false when a unique index refuses an update, because another request took the value first. */
async function unlessTaken(update: Promise<unknown>): Promise<boolean> {
  try {
    await update
    return true
  } catch (error) {
    if (isDuplicateKey(error)) return false
    throw error
  }
}
