import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { actions, type FakeResponse, refusal } from './actions.ts'
import { FakeBucket } from './state.ts'

/**
 * An injected error of a call: not carried out and never answered (`stall`), carried out and never answered (`mute`),
 * connection closed during the request or response body (`reset`), response stopped halfway (`pause`), 503
 * (`slow-down`), 403 (`deny`), 507 (`full`), or any other response in place of the call.
 */
export type Fault = 'stall' | 'mute' | 'reset' | 'pause' | 'slow-down' | 'deny' | 'full' | FakeResponse

/** A request to the fake S3; `bytes` is the length of its body. */
export interface FakeCall {
  operation: string
  key: string
  headers: IncomingHttpHeaders
  query: URLSearchParams
  bytes: number
}

const REFUSALS: Partial<Record<string, FakeResponse>> = {
  'slow-down': refusal(503, 'SlowDown'),
  deny: refusal(403, 'AccessDenied'),
  full: refusal(507, 'XMinioStorageFull'),
}

/** Query parameters that name an operation. */
const PARAMETERS = [
  ...['uploads', 'delete', 'list-type', 'partNumber', 'uploadId', 'versioning', 'versions'],
  ...['object-lock', 'retention', 'legal-hold'],
]

/** Returns the name of an operation from its method, whether it has a key, and its first known parameter. */
function operationOf(method: string | undefined, key: string, query: URLSearchParams): string {
  const parameter = PARAMETERS.find((name) => query.has(name))
  const names: Record<string, string> = {
    'HEAD bucket': 'HeadBucket',
    'GET bucket list-type': 'ListObjectsV2',
    'GET bucket uploads': 'ListMultipartUploads',
    'GET bucket versioning': 'GetBucketVersioning',
    'GET bucket versions': 'ListObjectVersions',
    'GET bucket object-lock': 'GetObjectLockConfiguration',
    'POST bucket delete': 'DeleteObjects',
    'PUT key retention': 'PutObjectRetention',
    'PUT key legal-hold': 'PutObjectLegalHold',
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

function send(
  response: ServerResponse,
  { status = 200, headers, body = '' }: FakeResponse,
  fault?: Fault,
): void {
  response.writeHead(status, { ...headers, 'Content-Length': Buffer.byteLength(body) })
  if (fault !== 'reset' && fault !== 'pause') {
    response.end(body)
    return
  }
  const half = body.slice(0, body.length / 2)
  response.write(half, () => fault === 'reset' && response.destroy())
}

/**
 * S3 server on loopback with one bucket in memory, for path-style requests. Supports the operations that the store uses,
 * with their limits (parts of at least 5 MiB, 1,000 keys). Does not check signatures; can inject errors.
 */
export class FakeS3 extends FakeBucket {
  readonly calls: FakeCall[] = []
  /** Returns the error to inject. Called for every request, and for every key of a DeleteObjects as `DeleteObject`. */
  fault: (call: FakeCall) => Fault | undefined = () => undefined
  /** Returns the answer to a request in place of that of the fake S3, as another store answers. */
  answer: (call: FakeCall) => FakeResponse | undefined = () => undefined
  #server = createServer((request, response) => this.#serve(request, response))

  get endpoint(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async listen(): Promise<this> {
    await once(this.#server.listen(0, '127.0.0.1'), 'listening')
    return this
  }

  /** Returns the number of open connections. */
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

  /** Returns the number of calls of one operation. */
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
      query,
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
    const asked = { key, query, body, range, onlyIfNew: request.headers['if-none-match'] === '*', refuses }
    const action = bucket === this.name ? actions[call.operation] : () => refusal(404, 'NoSuchBucket')
    const refused = typeof fault === 'object' ? fault : ((fault && REFUSALS[fault]) ?? this.answer(call))
    const result = refused ?? action?.(this, asked) ?? refusal(501, 'NotImplemented')
    if (fault !== 'mute') send(response, result, fault)
  }
}

/** Starts a fake S3 with an empty bucket on a free port. */
export const startFakeS3 = (bucket = 'kura-test'): Promise<FakeS3> => new FakeS3(bucket).listen()
