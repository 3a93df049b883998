import { at } from '../base.ts'
import { api, ask } from './client.ts'
import { queries } from './query.ts'
import { session } from './session.ts'

interface Credentials {
  login: string
  password: string
}

/** Signs in. @param keep whether the session outlives the window; null: as the former one */
export async function signIn({ login, password }: Credentials, keep: boolean | null): Promise<void> {
  const { token, user } = await ask(api.POST('/api/auth/login', { body: { login, password } }))
  session.begin(token, user, keep)
  queries.clear()
}

interface Registration {
  username: string
  email?: string
  password: string
}

/** Creates an account and signs in. */
export async function register(body: Registration): Promise<void> {
  const { token, user } = await ask(api.POST('/api/auth/register', { body }))
  session.begin(token, user, false)
  queries.clear()
}

/** Ends the session at the service and here. Here also if the service cannot be reached: nobody else sees the account. */
export async function signOut(): Promise<void> {
  const headers = { Authorization: `Bearer ${session.token}` }
  await fetch(at('/api/auth/logout'), { method: 'POST', headers }).catch(() => undefined)
  session.end()
  queries.clear()
  location.assign(at('/'))
}
