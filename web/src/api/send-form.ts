import { at } from '../base.ts'
import { text } from '../text.ts'
import { ApiError, errorOf } from './errors.ts'
import { session } from './session.ts'

interface Sending {
  method: 'PUT' | 'POST'
  /** Path of the service. */
  path: string
  form: FormData
  headers: Record<string, string>
  signal: AbortSignal
  /** @param loaded bytes that were sent @param total bytes of the form */
  onProgress: (loaded: number, total: number) => void
}

/**
 * Sends a form with files and says how much was sent, which `fetch` does not. When the session has ended, asks the user to
 * sign in and sends the form again.
 *
 * @throws ApiError, or an AbortError of `signal`
 */
export async function sendForm(sending: Sending): Promise<void> {
  const answer = await send(sending)
  if (answer.status === 401 && (await session.renew())) throwUnlessDone(await send(sending))
  else throwUnlessDone(answer)
}

function throwUnlessDone({ status, response }: XMLHttpRequest): void {
  if (status < 200 || status > 299) throw errorOf(response)
}

function send({ method, path, form, headers, signal, onProgress }: Sending): Promise<XMLHttpRequest> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    const stop = () => request.abort()
    request.open(method, at(path))
    request.responseType = 'json'
    request.setRequestHeader('Authorization', `Bearer ${session.token}`)
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value)
    request.upload.onprogress = ({ loaded, total }) => onProgress(loaded, total)
    request.onload = () => resolve(request)
    request.onerror = () => reject(new ApiError('network', text.errors.offline))
    request.onabort = () => reject(new DOMException('aborted', 'AbortError'))
    request.onloadend = () => signal.removeEventListener('abort', stop)
    signal.addEventListener('abort', stop)
    request.send(form)
  })
}
