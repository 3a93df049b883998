import { changeRights } from '../app/accounts/change-rights.ts'
import { deleteAccount, removeAccount } from '../app/accounts/delete-account.ts'
import { updateProfile } from '../app/accounts/update-profile.ts'
import { readAccount } from '../app/auth/sessions.ts'
import { describeSpace } from '../app/quota/describe.ts'
import { success } from '../middleware/envelope.ts'
import type { Handler, RouteRequest } from '../middleware/handle.ts'
import { serializeOwnUser, serializeUser } from '../models/views/user.ts'
import { listVisibleUsers } from '../models/visible-users.ts'
import type * as rules from '../routes/users.rules.ts'

/** Returns the quota of accounts without a quota of their own. */
const defaultQuota = ({ context }: RouteRequest) => context.config.space.quota

export const readOwn: Handler = async (request, res) => {
  const user = await readAccount(request.session)
  res.json(success({ user: serializeOwnUser(user, defaultQuota(request)) }))
}

export const updateOwn: Handler<typeof rules.update> = async (request, res) => {
  const user = await updateProfile(request.sender, request.input)
  res.json(success({ user: serializeOwnUser(user, defaultQuota(request)) }))
}

export const removeOwn: Handler<typeof rules.remove> = async ({ context, sender, input, client }, res) => {
  await deleteAccount(context, sender, { password: input.password, client })
  res.status(204).end()
}

export const readSpace: Handler = async ({ context, user }, res) => {
  res.json(success(await describeSpace(context, user)))
}

/** Lists the accounts that the caller can see. */
export const list: Handler<typeof rules.list> = async (request, res) => {
  const { context, user: viewer, input } = request
  const { q, limit, cursor } = input
  const query = ['users', q ?? null]
  const from = context.cursors.read(query, cursor)
  const { users, next } = await listVisibleUsers(viewer, { q, limit, from })
  res.json(
    success({
      users: users.map((user) => serializeUser(user, viewer, defaultQuota(request))),
      next: context.cursors.write(query, next),
    }),
  )
}

export const read: Handler = (request, res) => {
  res.json(success({ user: serializeUser(request.account, request.user, defaultQuota(request)) }))
}

/** Changes what only admins can change: access, blocking and space. */
export const update: Handler<typeof rules.administer> = async (request, res) => {
  const { context, sender, account, input } = request
  const { space, ...rights } = input
  const user = await changeRights(context, sender, account, { ...rights, ...space })
  res.json(success({ user: serializeUser(user, request.user, defaultQuota(request)) }))
}

export const remove: Handler = async ({ context, account, sender }, res) => {
  await removeAccount(context, account, { sender, access: 'admin' })
  res.status(204).end()
}
