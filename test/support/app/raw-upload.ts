import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { text } from 'node:stream/consumers'
import type { Client } from './client.ts'

interface How {
  /** What `Content-Length` says; left out: the body comes in chunks of unknown length. */
  length?: number
  method?: 'POST' | 'PUT'
  path?: string
  field?: string
  name?: string
}

export interface RawAnswer {
  status: number
  code: string | undefined
  res: Record<string, unknown> | undefined
}

const BOUNDARY = 'kura-test-boundary'

/** A multipart body of one file. */
export function multipart(bytes: Buffer, { field = 'files', name = 'chair.bin' }: How = {}): Buffer {
  const head = `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${field}"; filename="${name}"\r\n\r\n`
  return Buffer.concat([Buffer.from(head), bytes, Buffer.from(`\r\n--${BOUNDARY}--\r\n`)])
}

/** Begins an upload whose length is told as the test wants it; nothing of the body is sent. */
export function beginUpload({ origin, token }: Client, how: How = {}) {
  const { length, method = 'POST', path = '/api/assets' } = how
  const sending = request(`${origin}${path}`, {
    method,
    agent: false,
    headers: {
      Authorization: `Bearer ${token}`,
      'Content-Type': `multipart/form-data; boundary=${BOUNDARY}`,
      ...(length === undefined ? { 'Transfer-Encoding': 'chunked' } : { 'Content-Length': length }),
    },
  })
  const answer = once(sending, 'response').then(async ([response]: IncomingMessage[]) => readAnswer(response))
  // A refused upload may lose its connection after the answer.
  sending.on('error', () => undefined)
  answer.catch(() => undefined)
  return { sending, answer }
}

/** Uploads one file, of announced length unless told otherwise. */
export async function uploadRaw(client: Client, bytes: Buffer, how: How = {}): Promise<RawAnswer> {
  const body = multipart(bytes, how)
  const { sending, answer } = beginUpload(client, how)
  sending.end(body)
  return answer
}

export const withLength = (bytes: Buffer, how: How = {}): How => ({
  ...how,
  length: multipart(bytes, how).length,
})

async function readAnswer(response: IncomingMessage | undefined): Promise<RawAnswer> {
  if (!response) throw new Error('no answer')
  const content = await text(response)
  // Node itself answers what is no HTTP, and without a body.
  const body = content === '' ? {} : JSON.parse(content)
  const { err, res } = body as { err?: { code: string }; res?: Record<string, unknown> }
  return { status: Number(response.statusCode), code: err?.code, res }
}
