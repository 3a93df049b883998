import type { Details } from '../../models/event.ts'
import { untilReadersKnow } from '../../models/owner-states.ts'
import { matchSessions } from '../../models/session-account.ts'
import type { UserFields } from '../../models/user.ts'
import { grantRights, hasOtherAdmin, type Rights } from '../../models/user-state.ts'
import { confirmSender, type Sender } from '../auth/sender.ts'
import type { Context } from '../context.ts'
import { conflict, notFound } from '../errors.ts'
import { updateReadersSoon } from './update-readers.ts'

/**
 * Changes the rights that an admin sets for an account. A disabled account loses its sessions permanently, and its
 * public assets are hidden until the account is enabled again. A change to the rights that the account has does nothing.
 *
 * @throws conflict when no admin would remain
 * @throws not_found when the account was deleted
 * @throws unauthenticated as `confirmSender`
 * @throws forbidden as `confirmSender`
 */
export async function changeRights(
  context: Pick<Context, 'events' | 'log'>,
  admin: Sender,
  user: UserFields,
  wanted: Rights,
): Promise<UserFields> {
  const { _id, access, disabled } = user
  const rights = changesOf(user, wanted)
  if (Object.keys(rights).length === 0) {
    await confirmSender({ sender: admin, access: 'admin' })
    return user
  }
  const grant = async (given: Rights) => {
    const granted = await grantRights(_id, given)
    if (!granted) throw notFound()
    await matchSessions(granted)
    return granted
  }
  const confirmAndGrant = async () => {
    await confirmSender({ sender: admin, access: 'admin' })
    return grant(rights)
  }
  const untilInEffect = async () => {
    if (rights.disabled !== undefined)
      await Promise.all([updateReadersSoon(context, _id), untilReadersKnow()])
  }
  const endsAdmin = rights.access === 'user' || rights.disabled === true
  const granted = endsAdmin
    ? await requireOtherAdmin(user, {
        change: confirmAndGrant,
        undo: async () => {
          await grant({
            ...(rights.access === undefined ? {} : { access }),
            ...(rights.disabled === undefined ? {} : { disabled }),
          })
          await untilInEffect()
        },
      })
    : await confirmAndGrant()
  await untilInEffect()
  const changesSpace = rights.limit !== undefined || rights.fileLimit !== undefined
  await context.events.record({
    action: 'user.changed',
    user: admin.user._id,
    concerns: _id,
    target: { type: 'user', id: _id.toString() },
    details: rights as Details,
    ...(changesSpace ? { kind: 'space', owner: _id, space: true } : {}),
  })
  return granted
}

/** Returns the rights that differ from those of an account. */
function changesOf({ access, disabled, space }: UserFields, wanted: Rights): Rights {
  const { limit = null, fileLimit = null } = space
  const current: Rights = { access, disabled, limit, fileLimit }
  return Object.fromEntries(
    Object.entries(wanted).filter(
      ([name, value]) => value !== undefined && value !== current[name as keyof Rights],
    ),
  )
}

/**
 * Makes a change that takes admin access from an account, if the account has it. Checks for another admin before and
 * after the change, so that two changes at the same time cannot remove the last two admins.
 *
 * @param user the account before the change
 * @throws conflict for the last admin
 */
export async function requireOtherAdmin<T>(
  { _id, access, disabled }: Pick<UserFields, '_id' | 'access' | 'disabled'>,
  { change, undo }: { change: () => Promise<T>; undo: () => Promise<unknown> },
): Promise<T> {
  const isLast = async () => access === 'admin' && !disabled && !(await hasOtherAdmin(_id))
  if (await isLast()) throw lastAdmin()
  const changed = await change()
  if (!(await isLast())) return changed
  await undo()
  throw lastAdmin()
}

const lastAdmin = () => conflict('The last admin cannot be deleted, disabled or made an ordinary user.')
