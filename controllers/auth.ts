import type { RequestHandler } from 'express'
import { type Registration, register as registerAccount } from '../app/accounts/register.ts'
import { beginSession } from '../app/auth/begin-session.ts'
import { changePassword as change } from '../app/auth/change-password.ts'
import { endSession } from '../app/auth/end-session.ts'
import { presentSignIn } from '../app/auth/present.ts'
import { success } from '../app/envelope.ts'
import { clientOf } from '../middleware/client-of.ts'
import { required } from './required.ts'

export const register: RequestHandler = async (req, res) => {
  const registered = await registerAccount(req.services, req.valid as Registration, clientOf(req))
  res.status(201).json(success(presentSignIn(req.services, registered)))
}

export const login: RequestHandler = async (req, res) => {
  const signedIn = await beginSession(req.services, required(req.user), clientOf(req))
  res.json(success(presentSignIn(req.services, signedIn)))
}

export const logout: RequestHandler = async (req, res) => {
  await endSession(req.services, required(req.session))
  res.status(204).end()
}

export const changePassword: RequestHandler = async (req, res) => {
  const { current, password } = req.valid as { current: string; password: string }
  await change(req.services, { session: required(req.session), current, password }, clientOf(req))
  res.status(204).end()
}
