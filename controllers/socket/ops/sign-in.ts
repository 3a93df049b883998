import { type Registered, register } from '../../../app/accounts/register.ts'
import { authenticateToken, endSession, signIn } from '../../../app/auth/sessions.ts'
import { conflict, unauthenticated } from '../../../app/errors.ts'
import { tokenIdOf } from '../../../models/session.ts'
import { serializeSession, serializeSignIn } from '../../../models/views/session.ts'
import { serializeOwnUser } from '../../../models/views/user.ts'
import * as rules from '../../../routes/socket.rules.ts'
import { type Call, open } from '../call.ts'

/** Makes an account and signs the socket in. */
export const create = open({
  rules: rules.create,
  signsIn: true,
  writes: true,
  async answer(call, registration) {
    refuseSecond(call)
    return enter(call, await register(call.context, registration, call.connection.client))
  },
})

/** Signs the socket in by name and password. */
export const login = open({
  rules: rules.login,
  signsIn: true,
  writes: true,
  async answer(call, credentials) {
    refuseSecond(call)
    return enter(call, await signIn(call.context, credentials, call.connection.client))
  },
})

/** Signs the socket in by a token, or changes the session of who is signed in. */
export const auth = open({
  rules: rules.auth,
  signsIn: true,
  async answer(call, { token }) {
    const caller = await callerOf(call, token)
    if (call.user && !call.user._id.equals(caller.user._id)) refuseSecond(call)
    admit(call, caller)
    return {
      user: serializeOwnUser(caller.user, call.context.config.space.quota),
      session: serializeSession(caller.session, caller.session),
    }
  },
})

type Caller = NonNullable<Awaited<ReturnType<typeof authenticateToken>>>

function refuseSecond({ connection }: Call): void {
  if (connection.identity) throw conflict('Somebody is signed in on this socket.')
}

async function callerOf({ context }: Call, token: string): Promise<Caller> {
  const claims = context.tokens.verify(token)
  const caller = claims && (await authenticateToken(context, claims))
  if (!caller) throw unauthenticated()
  return caller
}

function admit({ connections, connection }: Call, { user, session }: Caller): void {
  const { _id, username, access } = user
  connections.admit(connection, {
    user: { _id, username, access },
    session: session._id,
    expiresAt: session.expiresAt,
    tokenId: tokenIdOf(session),
  })
}

/** A session that the socket cannot have has no use. */
async function enter(call: Call, signedIn: Registered): Promise<object> {
  const caller = await callerOf(call, signedIn.token)
  try {
    admit(call, caller)
  } catch (refusal) {
    await endSession(call.context, caller.session)
    throw refusal
  }
  return serializeSignIn(signedIn, call.context.config.space.quota)
}
