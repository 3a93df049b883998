import { randomUUID } from 'node:crypto'
import { eventually } from '../eventually.ts'

/** A client that knows only an origin and a token. */
export interface Client {
  origin: string
  token: string
}

/** Waits until the service is ready. */
export const untilReady = (origin: string): Promise<void> =>
  eventually(async () => {
    if (!(await fetch(`${origin}/readyz`)).ok) throw new Error('the service is not ready')
  }, 60_000)

/** Waits until the service is ready and registers a user with a random name. */
export async function register(origin: string): Promise<Client & { username: string; password: string }> {
  await untilReady(origin)
  const account = { username: `u${randomUUID().slice(0, 8)}`, password: 'correct horse battery' }
  const { token } = await send<{ token: string }>(`${origin}/api/auth/register`, json(account), 201)
  return { origin, token, ...account }
}

/** Returns the options of `fetch` for a POST with a JSON body. */
export const json = (body: unknown): RequestInit => ({
  method: 'POST',
  headers: { 'Content-Type': 'application/json' },
  body: JSON.stringify(body),
})

/** Uploads one file and returns the path of its download. */
export async function uploadFile({ origin, token }: Client, bytes: Buffer): Promise<string> {
  const body = new FormData()
  body.append('files', new Blob([bytes]), 'chair.bin')
  const request = { method: 'POST', headers: { Authorization: `Bearer ${token}` }, body }
  const { asset } = await send<{ asset: { files: { url: string }[] } }>(`${origin}/api/assets`, request, 201)
  return String(asset.files[0]?.url)
}

/** Sends a request and returns `res` of the answer. Throws for another status. */
export async function send<T>(address: string, request: RequestInit, status: number): Promise<T> {
  const answer = await fetch(address, request)
  const body = (await answer.json()) as { res: T }
  if (answer.status !== status) throw new Error(`${answer.status}: ${JSON.stringify(body)}`)
  return body.res
}
