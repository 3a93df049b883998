import { at } from '../base.ts'
import { text } from '../text.ts'
import { ApiError, errorOf } from './errors.ts'
import { session } from './session.ts'

interface Sending {
  method: 'PUT' | 'POST'
  /** Path of the service. */
  path: string
  body: FormData | File
  headers?: Record<string, string>
  signal?: AbortSignal
  /** @param loaded bytes that were sent @param total bytes of the body */
  onProgress?: (loaded: number, total: number) => void
}

/**
 * Sends files and says how much was sent, which `fetch` does not. When the session has ended, asks the user to sign in and
 * sends them again. Returns the body of the answer.
 *
 * @throws ApiError, or an AbortError of `signal`
 */
export async function sendBody(sending: Sending): Promise<unknown> {
  const account = session.account?.id
  let answer = await send(sending)
  // files of one account are not sent by another
  if (answer.status === 401 && (await session.renew()) && session.account?.id === account)
    answer = await send(sending)
  if (answer.status < 200 || answer.status > 299 || !answer.response)
    throw errorOfAnswer(answer, answer.getResponseHeader('Retry-After'))
  return answer.response
}

function send({ method, path, body, headers = {}, signal, onProgress }: Sending): Promise<XMLHttpRequest> {
  return new Promise((resolve, reject) => {
    // a signal that was aborted before has no event
    if (signal?.aborted) return reject(new DOMException('aborted', 'AbortError'))
    const request = new XMLHttpRequest()
    const stop = () => request.abort()
    request.open(method, at(path))
    request.responseType = 'json'
    request.setRequestHeader('Authorization', `Bearer ${session.token}`)
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value)
    request.upload.onprogress = ({ loaded, total }) => onProgress?.(loaded, total)
    request.onload = () => resolve(request)
    request.onerror = () => reject(new ApiError('network', text.errors.offline))
    request.onabort = () => reject(new DOMException('aborted', 'AbortError'))
    request.onloadend = () => signal?.removeEventListener('abort', stop)
    signal?.addEventListener('abort', stop)
    request.send(body)
  })
}

/** Status codes of a proxy that cannot reach the service, or that limits requests itself. */
const PASSING = [429, 502, 503, 504]

/** The answer of a proxy has no error of the API. */
function errorOfAnswer({ status, response }: XMLHttpRequest, retryAfter: string | null): ApiError {
  const error = errorOf(response, retryAfter)
  if (error.code !== 'unexpected') return error
  if (status === 413) return new ApiError('too_large', text.errors.tooLarge)
  if (!PASSING.includes(status)) return error
  return new ApiError('unavailable', text.errors.offline, [], null, retryAfter)
}
