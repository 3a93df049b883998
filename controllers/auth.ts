import { register as registerAccount } from '../app/accounts/register.ts'
import { beginSession } from '../app/auth/begin-session.ts'
import { changePassword as change } from '../app/auth/change-password.ts'
import { endSession } from '../app/auth/end-session.ts'
import { presentSignIn } from '../app/auth/present.ts'
import { success } from '../middleware/envelope.ts'
import type { Handler } from '../middleware/handle.ts'
import type * as rules from '../routes/auth.rules.ts'

export const register: Handler<typeof rules.register> = async ({ services, input, client }, res) => {
  const registered = await registerAccount(services, input, client)
  res.status(201).json(success(presentSignIn(services, registered)))
}

export const login: Handler = async ({ services, user, client }, res) => {
  const signedIn = await beginSession(services, user, client)
  res.json(success(presentSignIn(services, signedIn)))
}

export const logout: Handler = async ({ services, session }, res) => {
  await endSession(services, session)
  res.status(204).end()
}

export const changePassword: Handler<typeof rules.changePassword> = async (
  { services, session, input, client },
  res,
) => {
  await change(services, { session, ...input }, client)
  res.status(204).end()
}
