import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { type Answer, actions, refusal } from './actions.ts'
import { FakeBucket } from './state.ts'

/**
 * How a call goes wrong: never answered (`stall`), done but never answered (`mute`), cut off in the middle of
 * its body or of its answer (`reset`), its answer stopped halfway (`pause`), 503 `slow-down`, 403 `deny`.
 */
export type Fault = 'stall' | 'mute' | 'reset' | 'pause' | 'slow-down' | 'deny'

/** One request as the fake saw it; `bytes` is the length of its body. */
export interface FakeCall {
  operation: string
  key: string
  headers: IncomingHttpHeaders
  bytes: number
}

const REFUSALS: Partial<Record<Fault, Answer>> = {
  'slow-down': refusal(503, 'SlowDown'),
  deny: refusal(403, 'AccessDenied'),
}

/** The name of an operation, by its method, whether it names a key, and the first of these parameters that it has. */
function operationOf(method: string | undefined, key: string, query: URLSearchParams): string {
  const parameter = ['uploads', 'delete', 'list-type', 'partNumber', 'uploadId'].find((name) =>
    query.has(name),
  )
  const names: Record<string, string> = {
    'HEAD bucket': 'HeadBucket',
    'GET bucket list-type': 'ListObjectsV2',
    'GET bucket uploads': 'ListMultipartUploads',
    'POST bucket delete': 'DeleteObjects',
    'HEAD key': 'HeadObject',
    'GET key': 'GetObject',
    'PUT key': 'PutObject',
    'DELETE key': 'DeleteObject',
    'POST key uploads': 'CreateMultipartUpload',
    'PUT key partNumber': 'UploadPart',
    'GET key uploadId': 'ListParts',
    'POST key uploadId': 'CompleteMultipartUpload',
    'DELETE key uploadId': 'AbortMultipartUpload',
  }
  return names[[method, key ? 'key' : 'bucket', parameter].filter(Boolean).join(' ')] ?? 'unknown'
}

function send(response: ServerResponse, { status = 200, headers, body = '' }: Answer, fault?: Fault): void {
  response.writeHead(status, { ...headers, 'Content-Length': Buffer.byteLength(body) })
  if (fault !== 'reset' && fault !== 'pause') {
    response.end(body)
    return
  }
  const half = body.slice(0, body.length / 2)
  response.write(half, () => fault === 'reset' && response.destroy())
}

/**
 * An S3 on loopback that keeps one bucket in memory, checks no signature and can be told to fail:
 * enough for the calls of the store, path-style, with the rules that matter (parts of 5 MiB, 1,000 keys).
 */
export class FakeS3 extends FakeBucket {
  readonly calls: FakeCall[] = []
  /** Asked for every call, and for every key of a DeleteObjects as a `DeleteObject`. */
  fault: (call: FakeCall) => Fault | undefined = () => undefined
  #server = createServer((request, response) => this.#serve(request, response))

  get endpoint(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async listen(): Promise<this> {
    await once(this.#server.listen(0, '127.0.0.1'), 'listening')
    return this
  }

  /** Connections that stand. */
  connections(): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.getConnections((error, count) => (error ? reject(error) : resolve(count)))
    })
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close')
    this.#server.close()
    this.#server.closeAllConnections()
    await closed
  }

  /** How many calls of one operation there were. */
  count(operation: string): number {
    return this.calls.filter((call) => call.operation === operation).length
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams: query } = new URL(request.url ?? '/', this.endpoint)
    const [, bucket = '', key = ''] = /^\/([^/]*)\/?(.*)$/.exec(decodeURIComponent(pathname)) ?? []
    const call = {
      operation: operationOf(request.method, key, query),
      key,
      headers: request.headers,
      bytes: 0,
    }
    this.calls.push(call)
    const fault = this.fault(call)
    if (fault === 'stall') return
    if (fault === 'reset' && request.method !== 'GET') {
      request.once('data', () => request.destroy())
      return
    }
    const body = await buffer(request).catch(() => undefined)
    if (!body) return
    call.bytes = body.length
    const refuses = (one: string) => this.fault({ ...call, operation: 'DeleteObject', key: one }) === 'deny'
    const { range } = request.headers
    const asked = { key, query, body, range, isNew: request.headers['if-none-match'] === '*', refuses }
    const action = bucket === this.name ? actions[call.operation] : () => refusal(404, 'NoSuchBucket')
    const answer = (fault && REFUSALS[fault]) ?? action?.(this, asked) ?? refusal(501, 'NotImplemented')
    if (fault !== 'mute') send(response, answer, fault)
  }
}

/** Starts a fake S3 with one empty bucket on a free port of loopback. */
export const startFakeS3 = (bucket = 'kura-test'): Promise<FakeS3> => new FakeS3(bucket).listen()
