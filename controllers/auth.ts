import { register as registerAccount } from '../app/accounts/register.ts'
import { changePassword as change } from '../app/auth/change-password.ts'
import { beginSession, endSession } from '../app/auth/sessions.ts'
import { success } from '../middleware/envelope.ts'
import type { Handler } from '../middleware/handle.ts'
import { serializeSignIn } from '../models/views/session.ts'
import type * as rules from '../routes/auth.rules.ts'

export const register: Handler<typeof rules.register> = async ({ context, input, client }, res) => {
  const registered = await registerAccount(context, input, client)
  res.status(201).json(success(serializeSignIn(registered, context.config.space.quota)))
}

export const login: Handler = async ({ context, verified, client }, res) => {
  const signedIn = await beginSession(context, verified, client)
  res.json(success(serializeSignIn(signedIn, context.config.space.quota)))
}

export const logout: Handler = async ({ context, session }, res) => {
  await endSession(context, session)
  res.status(204).end()
}

export const changePassword: Handler<typeof rules.changePassword> = async (
  { context, session, input, client },
  res,
) => {
  await change(context, { session, ...input }, client)
  res.status(204).end()
}
