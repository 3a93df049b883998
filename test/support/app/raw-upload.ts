import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { text } from 'node:stream/consumers'
import type { Client } from './client.ts'

export interface UploadOptions {
  /** Value of `Content-Length`. Default: none, the body is sent in chunks. */
  length?: number
  method?: 'POST' | 'PUT'
  path?: string
  /** Null: the body is the bytes of the file. */
  field?: string | null
  name?: string
  /** More headers. */
  headers?: Record<string, string>
  /** Number of parts with the same bytes. Default: one. */
  copies?: number
}

export interface RawAnswer {
  status: number
  code: string | undefined
  res: Record<string, unknown> | undefined
}

const BOUNDARY = 'kura-test-boundary'

/** Encodes a multipart body of one file, or of several equal ones; returns the bytes if `field` is null. */
export function multipart(
  bytes: Buffer,
  { field = 'files', name = 'chair.bin', copies = 1 }: UploadOptions = {},
): Buffer {
  if (field === null) return bytes
  const head = `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${field}"; filename="${name}"\r\n\r\n`
  const part = [Buffer.from(head), bytes, Buffer.from('\r\n')]
  const parts = Array.from({ length: copies }, () => part).flat()
  return Buffer.concat([...parts, Buffer.from(`--${BOUNDARY}--\r\n`)])
}

/** Sends the head of an upload. The test sends the body, whose length can differ from `Content-Length`. */
export function beginUpload({ origin, token }: Client, how: UploadOptions = {}) {
  const { length, method = 'POST', path = '/api/assets', field, headers = {} } = how
  const sending = request(`${origin}${path}`, {
    method,
    agent: false,
    headers: {
      ...headers,
      Authorization: `Bearer ${token}`,
      ...(field === null ? {} : { 'Content-Type': `multipart/form-data; boundary=${BOUNDARY}` }),
      ...(length === undefined ? { 'Transfer-Encoding': 'chunked' } : { 'Content-Length': length }),
    },
  })
  const answer = once(sending, 'response').then(async ([response]: IncomingMessage[]) => readAnswer(response))
  // A refused upload can lose its connection after the answer.
  sending.on('error', () => undefined)
  answer.catch(() => undefined)
  return { sending, answer }
}

/** Uploads one file. */
export async function uploadRaw(client: Client, bytes: Buffer, how: UploadOptions = {}): Promise<RawAnswer> {
  const body = multipart(bytes, how)
  const { sending, answer } = beginUpload(client, how)
  sending.end(body)
  return answer
}

/** Adds the correct `Content-Length` to the options. */
export const withLength = (bytes: Buffer, how: UploadOptions = {}): UploadOptions => ({
  ...how,
  length: multipart(bytes, how).length,
})

async function readAnswer(response: IncomingMessage | undefined): Promise<RawAnswer> {
  if (!response) throw new Error('no answer')
  const content = await text(response)
  // Node answers malformed HTTP itself, without a body.
  const body = content === '' ? {} : JSON.parse(content)
  const { err, name, res } = body as { err?: { code: string }; name?: string; res?: Record<string, unknown> }
  return { status: Number(response.statusCode), code: err?.code ?? name, res }
}
