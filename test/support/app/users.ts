import type { Test } from 'supertest'
import { beginSession } from '../../../app/auth/sessions.ts'
import type { AccessLevel } from '../../../models/access-level.ts'
import type { SessionFields } from '../../../models/session.ts'
import { type NewUser, User, type UserDocument } from '../../../models/user.ts'
import type { TestApp } from './app.ts'

/** Password of all test users. */
export const PASSWORD = 'correct horse battery'

/** A signed-in user. Its requests have its token. */
export interface TestUser {
  user: UserDocument
  session: SessionFields
  token: string
  head(path: string): Test
  get(path: string): Test
  post(path: string): Test
  put(path: string): Test
  patch(path: string): Test
  delete(path: string): Test
}

/** Creates an account and signs it in, without HTTP requests. */
export function signUp(
  app: TestApp,
  username: string,
  profile: Omit<Partial<NewUser>, 'username'> = {},
): Promise<TestUser> {
  return register(app, { username, ...profile }, 'user')
}

/** Creates an admin and signs it in. */
export function signUpAdmin(app: TestApp, username: string): Promise<TestUser> {
  return register(app, { username }, 'admin')
}

async function register(app: TestApp, names: NewUser, access: AccessLevel): Promise<TestUser> {
  const { bcryptCost: cost } = app.context.config.auth
  return signIn(app, await User.register(names, PASSWORD, { cost, access }))
}

/** Creates another session of a user. */
export async function signIn(app: TestApp, { _id }: UserDocument): Promise<TestUser> {
  const account = await User.findById(_id).select('+passwordHash').orFail()
  const client = { address: '127.0.0.1', userAgent: 'tests' }
  const { user, session, token } = await beginSession(app.context, account, client)
  return { user, session, token, ...requestsOf(app, token) }
}

/** Returns request functions that send a token. */
export function requestsOf({ api }: Pick<TestApp, 'api'>, token: string) {
  const withToken = (request: Test) => request.set('Authorization', `Bearer ${token}`)
  return {
    head: (path: string) => withToken(api.head(path)),
    get: (path: string) => withToken(api.get(path)),
    post: (path: string) => withToken(api.post(path)),
    put: (path: string) => withToken(api.put(path)),
    patch: (path: string) => withToken(api.patch(path)),
    delete: (path: string) => withToken(api.delete(path)),
  }
}
