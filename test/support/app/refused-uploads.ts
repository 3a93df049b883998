import { join } from 'node:path'
import { register } from './client.ts'
import { startProcess } from './process.ts'
import { multipart } from './raw-upload.ts'
import { type BodyRequest, byCurl, byFetch, byFetchWithLength, bySocket, type Send } from './senders.ts'

/** A request with a large body that must be refused. */
export interface Refusal extends BodyRequest {
  name: string
  status: number
  code: string
  /** Returns a body of about this many bytes. */
  bodyOf(bytes: number): Buffer
}

/** The clients take turns. */
const CLIENTS: Record<string, Send> = {
  curl: byCurl(),
  'fetch with a stream': byFetch,
  'fetch with a buffer': byFetchWithLength,
  'a socket that writes all before it reads': bySocket,
}

const MULTIPART = { 'Content-Type': 'multipart/form-data; boundary=kura-test-boundary' }
const FORM = { 'Content-Type': 'application/x-www-form-urlencoded' }
const RAW = { 'Content-Type': 'application/octet-stream' }
const GZIP = { 'Content-Encoding': 'gzip' }
/** A body of a form has at most 100 KiB. */
const FORM_BYTES = 103_000

const upload = {
  method: 'POST',
  path: '/api/assets',
  bodyOf: (bytes: number) => multipart(Buffer.alloc(bytes)),
}
const raw = { method: 'PUT', path: '/api/files/chair.glb', bodyOf: (bytes: number) => Buffer.alloc(bytes) }
const form = {
  method: 'POST',
  path: '/api/auth/login',
  headers: FORM,
  bodyOf: (bytes: number) => Buffer.alloc(Math.max(FORM_BYTES, bytes), 'login=x&'),
}
const UNAUTHENTICATED = { status: 401, code: 'unauthenticated' }
const NOT_FOUND = { status: 404, code: 'not_found' }
const TOO_LARGE = { status: 413, code: 'too_large' }
const UNSUPPORTED = { status: 415, code: 'unsupported_media' }
const NO_SPACE = { status: 507, code: 'space_exceeded' }

/**
 * Starts a service that takes only small files, and one whose users have little space.
 *
 * @returns the requests that each must refuse
 */
export async function startRefusing(folder: string): Promise<{ origin: string; refusals: Refusal[] }[]> {
  const start = async (name: string, env: Record<string, string>) => {
    const { origin } = await startProcess({ DATA_DIR: join(folder, name), LOG_LEVEL: 'warn', ...env })
    const { token } = await register(origin)
    return { origin, signed: { Authorization: `Bearer ${token}` } }
  }
  const small = await start('small-files', { MAX_FILE_BYTES: '50000' })
  const full = await start('little-space', { USER_SPACE_BYTES: '20000' })
  const files = [
    {
      ...upload,
      name: 'multipart',
      headers: MULTIPART,
      missing: '/api/assets/0123456789abcdef01234567/files',
    },
    { ...raw, name: 'raw', headers: RAW, missing: '/api/nothing/chair.glb' },
  ]
  return [
    {
      origin: small.origin,
      refusals: [
        ...files.flatMap(({ missing, ...request }) => {
          const headers = { ...request.headers, ...small.signed }
          return [
            { ...request, ...UNAUTHENTICATED },
            { ...request, headers, method: 'PUT', path: missing, ...NOT_FOUND },
            { ...request, headers, ...TOO_LARGE },
            { ...request, headers: { ...headers, ...GZIP }, ...UNSUPPORTED },
          ]
        }),
        { ...form, name: 'form', path: '/api/projects', ...UNAUTHENTICATED },
        { ...form, name: 'form', path: '/api/nothing', ...NOT_FOUND },
        { ...form, name: 'form', ...TOO_LARGE },
        { ...form, name: 'form', headers: { 'Content-Type': 'text/plain' }, ...UNSUPPORTED },
      ],
    },
    {
      origin: full.origin,
      refusals: files.map(({ missing: _, ...request }) => ({
        ...request,
        headers: { ...request.headers, ...full.signed },
        ...NO_SPACE,
      })),
    },
  ]
}

interface Tries {
  sizes: number[]
  /** Tries of each request and size. */
  tries: number
}

/** Sends each request with each size, by each client in turn. Returns the wrong answers. */
export async function tryRefusals(
  origin: string,
  refusals: Refusal[],
  { sizes, tries }: Tries,
  report: (line: string) => void = () => undefined,
): Promise<string[]> {
  const clients = Object.entries(CLIENTS)
  const wrong: string[] = []
  let turn = 0
  for (const { name, status, code, bodyOf, ...request } of refusals)
    for (const size of sizes) {
      const body = bodyOf(size)
      const before = wrong.length
      for (let n = 0; n < tries; n++) {
        const [client, send] = clients[turn++ % clients.length] ?? ['', byFetch]
        const seen = await send(origin, request, body).catch((error) => `${error} ${error.cause ?? ''}`)
        if (JSON.stringify(seen) !== JSON.stringify({ status, code }))
          wrong.push(`${name} ${status}, ${size} bytes, ${client}: ${JSON.stringify(seen)}`)
      }
      report(`${name} ${status}, ${size} bytes: ${tries - (wrong.length - before)} of ${tries} right`)
    }
  return wrong
}
