import { type Registered, register } from '../../../app/accounts/register.ts'
import { authenticateToken, endSession, readAccount, signIn } from '../../../app/auth/sessions.ts'
import { conflict, invalidToken } from '../../../app/errors.ts'
import { tokenIdOf } from '../../../models/session.ts'
import { serializeSession, serializeSignIn } from '../../../models/views/session.ts'
import { serializeOwnUser } from '../../../models/views/user.ts'
import * as rules from '../../../routes/socket.rules.ts'
import { type Call, forAnyone } from '../operation.ts'

/** Creates an account and signs the connection in. */
export const create = forAnyone({
  rules: rules.create,
  signsIn: true,
  writes: true,
  async answer(call, registration) {
    requireAnonymous(call)
    return useSession(call, await register(call.context, registration, call.connection.client))
  },
})

/** Signs the connection in by name and password. */
export const login = forAnyone({
  rules: rules.login,
  signsIn: true,
  writes: true,
  async answer(call, credentials) {
    requireAnonymous(call)
    return useSession(call, await signIn(call.context, credentials, call.connection.client))
  },
})

/** Signs the connection in by a token, or changes to another session of the same user. */
export const auth = forAnyone({
  rules: rules.auth,
  signsIn: true,
  async answer(call, { token }) {
    const caller = await authenticate(call, token)
    if (call.user && !call.user._id.equals(caller.user._id)) requireAnonymous(call)
    signInConnection(call, caller)
    return {
      user: serializeOwnUser(await readAccount(caller.session), call.context.config.space.quota),
      session: serializeSession(caller.session, caller.session),
    }
  },
})

type Caller = NonNullable<Awaited<ReturnType<typeof authenticateToken>>>

/** @throws `conflict` if the connection is signed in */
function requireAnonymous({ connection }: Call): void {
  if (connection.identity)
    throw conflict('This connection is already signed in. Open another one to use another account.')
}

/** @throws `unauthenticated` if the token is invalid or its session has ended */
async function authenticate({ context }: Call, token: string): Promise<Caller> {
  const claims = context.tokens.verify(token)
  const caller = claims && (await authenticateToken(context, claims))
  if (!caller) throw invalidToken()
  return caller
}

function signInConnection({ connections, connection }: Call, { user, session }: Caller): void {
  const { _id, username, access } = user
  connections.signIn(connection, {
    user: { _id, username, access },
    session: session._id,
    expiresAt: session.expiresAt,
    tokenId: tokenIdOf(session),
  })
}

/** Signs the connection in with a new session. Ends the session if the connection cannot take it. */
async function useSession(call: Call, signedIn: Registered): Promise<object> {
  const caller = await authenticate(call, signedIn.token)
  try {
    signInConnection(call, caller)
  } catch (error) {
    await endSession(call.context, caller.session)
    throw error
  }
  return serializeSignIn(signedIn, call.context.config.space.quota)
}
