import type { Context } from '../context.ts'
import { beginSession, type SignedIn } from './begin-session.ts'
import type { ClientInfo } from './client-info.ts'
import { type CredentialContext, verifyCredentials } from './credentials.ts'

/**
 * Signs somebody in by name and password.
 *
 * @param login see `findForSignIn`
 * @throws bad_credentials, too_many_requests, unavailable
 */
export async function signIn(
  context: CredentialContext & Pick<Context, 'config' | 'tokens'>,
  { login, password }: { login: string; password: string },
  client: ClientInfo,
): Promise<SignedIn> {
  const user = await verifyCredentials(context, { login, password }, client)
  return beginSession(context, user, client)
}
