import type { Services } from '../context.ts'
import { beginSession, type SignedIn } from './begin-session.ts'
import type { ClientInfo } from './client-info.ts'
import { type CredentialServices, verifyCredentials } from './credentials.ts'

/**
 * Signs somebody in by name and password.
 *
 * @param login see `findForSignIn`
 * @throws bad_credentials, too_many_requests, unavailable
 */
export async function signIn(
  services: CredentialServices & Pick<Services, 'config' | 'tokens'>,
  { login, password }: { login: string; password: string },
  client: ClientInfo,
): Promise<SignedIn> {
  const user = await verifyCredentials(services, { login, password }, client)
  return beginSession(services, user, client)
}
