import type { Request, RequestHandler } from 'express'
import { administer } from '../app/accounts/administer.ts'
import { deleteAccount, removeAccount } from '../app/accounts/delete-account.ts'
import { updateProfile } from '../app/accounts/update-profile.ts'
import { success } from '../app/envelope.ts'
import { clientOf } from '../middleware/client-of.ts'
import type { AccessLevel, Profile } from '../models/user.ts'
import { ownerView, userView } from '../models/views/user.ts'
import { listVisibleUsers } from '../models/visible-users.ts'
import { required } from './required.ts'
import { senderOf } from './sender-of.ts'

/** Returns the limits of accounts without limits of their own. */
const quotaFor = (req: Request) => req.services.config.space.quota

export const readOwn: RequestHandler = (req, res) => {
  res.json(success({ user: ownerView(required(req.user), quotaFor(req)) }))
}

export const updateOwn: RequestHandler = async (req, res) => {
  const user = await updateProfile(required(req.session), req.valid as Partial<Profile>)
  res.json(success({ user: ownerView(user, quotaFor(req)) }))
}

export const removeOwn: RequestHandler = async (req, res) => {
  const { password } = req.valid as { password: string }
  await deleteAccount(req.services, senderOf(req), { password, client: clientOf(req) })
  res.status(204).end()
}

/** The accounts that the caller may know. */
export const list: RequestHandler = async (req, res) => {
  const { q, limit, cursor } = req.valid as { q?: string; limit: number; cursor?: string }
  const viewer = required(req.user)
  const query = ['users', q ?? null]
  const { users, next } = await listVisibleUsers(viewer, {
    q,
    limit,
    from: req.services.cursors.read(query, cursor),
  })
  res.json(
    success({
      users: users.map((user) => userView(user, viewer, quotaFor(req))),
      next: req.services.cursors.write(query, next),
    }),
  )
}

export const read: RequestHandler = (req, res) => {
  res.json(success({ user: userView(required(req.account), required(req.user), quotaFor(req)) }))
}

/** What an admin decides. */
export const update: RequestHandler = async (req, res) => {
  const { space, ...rights } = req.valid as AdminChange
  const user = await administer(req.services, senderOf(req), required(req.account), {
    ...rights,
    ...space,
  })
  res.json(success({ user: userView(user, required(req.user), quotaFor(req)) }))
}

interface AdminChange {
  access?: AccessLevel
  disabled?: boolean
  space?: { limit?: number | null; fileLimit?: number | null }
}

export const remove: RequestHandler = async (req, res) => {
  await removeAccount(req.services, required(req.account), {
    sender: senderOf(req),
    access: 'admin',
  })
  res.status(204).end()
}
