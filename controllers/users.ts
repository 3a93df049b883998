import type { RequestHandler } from 'express'
import { deleteAccount } from '../app/accounts/delete-account.ts'
import { updateProfile } from '../app/accounts/update-profile.ts'
import { success } from '../app/envelope.ts'
import type { Profile } from '../models/user-shape.ts'
import { ownerView } from '../models/views/user.ts'
import { required } from './required.ts'

export const readOwn: RequestHandler = (req, res) => {
  res.json(success({ user: ownerView(required(req.user)) }))
}

export const updateOwn: RequestHandler = async (req, res) => {
  const user = await updateProfile(required(req.user)._id, req.valid as Partial<Profile>)
  res.json(success({ user: ownerView(user) }))
}

export const removeOwn: RequestHandler = async (req, res) => {
  const { password } = req.valid as { password: string }
  await deleteAccount(req.services, required(req.user), { password, address: req.ip })
  res.status(204).end()
}
