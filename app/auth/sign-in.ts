import type { Services } from '../services.ts'
import { beginSession, type Client, type SignedIn } from './begin-session.ts'
import { verifyCredentials } from './credentials.ts'

/**
 * Signs somebody in by name and password.
 *
 * @param login see `User.findForSignIn`
 * @throws bad_credentials, too_many_requests
 */
export async function signIn(
  services: Pick<Services, 'audit' | 'clock' | 'config' | 'limits' | 'tokens'>,
  { login, password }: { login: string; password: string },
  client: Client,
): Promise<SignedIn> {
  const user = await verifyCredentials(services, { login, password, address: client.address })
  return beginSession(services, user, client)
}
