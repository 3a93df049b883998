import { useQuery } from '@tanstack/preact-query'
import { at } from '../base.ts'
import { api, ask } from './client.ts'
import { session } from './session.ts'

interface Credentials {
  login: string
  password: string
}

/** Signs in. @param keep whether the session outlives the window; null: as the former one */
export async function signIn({ login, password }: Credentials, keep: boolean | null): Promise<void> {
  const { token, user } = await ask(api.POST('/api/auth/login', { body: { login, password } }))
  session.begin(token, user, keep)
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
}

let mayLeave = async (): Promise<boolean> => true

/** Sets what is done before the user signs out. It returns false if the user stays signed in. */
export function beforeSignOut(act: () => Promise<boolean>): void {
  mayLeave = act
}

/** Ends the session at the service and here. Here also if the service cannot be reached: nobody else sees the account. */
export async function signOut(): Promise<void> {
  if (!(await mayLeave())) return
  const headers = { Authorization: `Bearer ${session.token}` }
  await fetch(at('/api/auth/logout'), { method: 'POST', headers }).catch(() => undefined)
  session.end()
}

/** Reads the account of the session, which an admin or another window can have changed. */
export function useAccount() {
  return useQuery({
    queryKey: ['account'],
    async queryFn() {
      const { user } = await ask(api.GET('/api/users/me'))
      session.update(user)
      return user
    },
  })
}

/** Reads the space of the account. */
export const useSpace = () => useQuery({ queryKey: ['space'], queryFn: () => ask(api.GET('/api/space')) })
