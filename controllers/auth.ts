import type { RequestHandler } from 'express'
import { type Registration, register as registerAccount } from '../app/accounts/register.ts'
import { beginSession, type SignedIn } from '../app/auth/begin-session.ts'
import { changePassword as change } from '../app/auth/change-password.ts'
import { success } from '../app/envelope.ts'
import { Session } from '../models/session.ts'
import { ownerView } from '../models/views/user.ts'
import { clientOf } from './client-of.ts'
import { required } from './required.ts'

const signedInView = ({ user, token, expiresAt }: SignedIn) => ({ user: ownerView(user), token, expiresAt })

export const register: RequestHandler = async (req, res) => {
  const { accountKey, ...signedIn } = await registerAccount(
    req.services,
    req.valid as Registration,
    clientOf(req),
  )
  res.status(201).json(success({ ...signedInView(signedIn), ...(accountKey ? { accountKey } : {}) }))
}

export const login: RequestHandler = async (req, res) => {
  res.json(success(signedInView(await beginSession(req.services, required(req.user), clientOf(req)))))
}

export const logout: RequestHandler = async (req, res) => {
  const { _id, user } = required(req.session)
  await Session.end(_id)
  await req.services.audit({
    action: 'session.ended',
    user,
    target: { type: 'session', id: _id.toString() },
  })
  res.status(204).end()
}

export const changePassword: RequestHandler = async (req, res) => {
  const { current, password } = req.valid as { current: string; password: string }
  await change(req.services, { session: required(req.session), current, password, address: req.ip })
  res.status(204).end()
}
