import type { RequestHandler } from 'express'
import { createAccount } from '../../app/accounts/register.ts'
import { createAsset } from '../../app/assets/create.ts'
import { removeUnused } from '../../app/assets/remove-unused.ts'
import { signIn } from '../../app/auth/sign-in.ts'
import { success } from '../../app/envelope.ts'
import { clientOf } from '../../middleware/client-of.ts'
import { ownerView } from '../../models/views/user.ts'
import { required } from '../required.ts'
import { senderOf } from '../sender-of.ts'

interface Account {
  email: string
  name?: string
  password: string
}

export const create: RequestHandler = async (req, res) => {
  const { user } = await createAccount(req.services, req.valid as Account, clientOf(req))
  res.status(201).json(success({ id: user.id }))
}

/** A token for an email address and its password; the caller, and the token anew, for a token. */
export const login: RequestHandler = async (req, res) => {
  if (req.user) {
    const token = req.services.tokens.sign(required(req.session))
    res.json(success({ user: ownerView(req.user, req.services.config.space.quota), token }))
    return
  }
  const { email, password } = req.valid as Account
  const { token } = await signIn(req.services, { login: email, password }, clientOf(req))
  res.json(success({ token }))
}

export const upload: RequestHandler = async (req, res) => {
  const { _id } = await createAsset(req.services, required(req.upload), senderOf(req), {})
  res.status(201).json(success({ id: _id.toString() }))
}

export const remove: RequestHandler = async (req, res) => {
  const asset = required(req.asset)
  const { force } = req.valid as { force?: boolean }
  await removeUnused(req.services, asset, senderOf(req), { force })
  res.json(success({ id: asset._id.toString() }))
}
