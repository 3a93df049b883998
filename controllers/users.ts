import { administer } from '../app/accounts/administer.ts'
import { deleteAccount, removeAccount } from '../app/accounts/delete-account.ts'
import { updateProfile } from '../app/accounts/update-profile.ts'
import { success } from '../middleware/envelope.ts'
import type { Handler, HandlerContext } from '../middleware/handle.ts'
import { ownerView, userView } from '../models/views/user.ts'
import { listVisibleUsers } from '../models/visible-users.ts'
import type * as rules from '../routes/users.rules.ts'

/** Returns the limits of accounts without limits of their own. */
const quotaFor = ({ services }: HandlerContext) => services.config.space.quota

export const readOwn: Handler = (context, res) => {
  res.json(success({ user: ownerView(context.user, quotaFor(context)) }))
}

export const updateOwn: Handler<typeof rules.update> = async (context, res) => {
  const user = await updateProfile(context.session, context.input)
  res.json(success({ user: ownerView(user, quotaFor(context)) }))
}

export const removeOwn: Handler<typeof rules.remove> = async ({ services, sender, input, client }, res) => {
  await deleteAccount(services, sender, { password: input.password, client })
  res.status(204).end()
}

/** The accounts that the caller may know. */
export const list: Handler<typeof rules.list> = async (context, res) => {
  const { services, user: viewer, input } = context
  const { q, limit, cursor } = input
  const query = ['users', q ?? null]
  const from = services.cursors.read(query, cursor)
  const { users, next } = await listVisibleUsers(viewer, { q, limit, from })
  res.json(
    success({
      users: users.map((user) => userView(user, viewer, quotaFor(context))),
      next: services.cursors.write(query, next),
    }),
  )
}

export const read: Handler = (context, res) => {
  res.json(success({ user: userView(context.account, context.user, quotaFor(context)) }))
}

/** What an admin decides. */
export const update: Handler<typeof rules.administer> = async (context, res) => {
  const { services, sender, account, input } = context
  const { space, ...rights } = input
  const user = await administer(services, sender, account, { ...rights, ...space })
  res.json(success({ user: userView(user, context.user, quotaFor(context)) }))
}

export const remove: Handler = async ({ services, account, sender }, res) => {
  await removeAccount(services, account, { sender, access: 'admin' })
  res.status(204).end()
}
