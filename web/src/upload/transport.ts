import { api, ask } from '../api/client.ts'
import { ApiError, errorOf } from '../api/errors.ts'
import { session } from '../api/session.ts'
import { at } from '../base.ts'
import { text } from '../text.ts'
import type { UploadItem } from './item.ts'
import type { Progress, Transport } from './parts.ts'
import { parseRetryAfter } from './retry.ts'

/** An upload that the service refused or that got no answer. */
export class UploadError extends ApiError {
  constructor(
    code: string,
    message: string,
    readonly retryAfterMs: number | null = null,
  ) {
    super(code, message)
  }
}

/**
 * Uploads by one request. Resumable uploads come in here: another `upload` that goes on from the bytes that the service
 * has. Everything else of the queue stays.
 */
export const transport: Transport = {
  upload: (item, files, progress) => sendRetryingSignIn(() => send(item, files, progress)),

  async change(assetId, change) {
    await ask(api.PATCH('/api/assets/{assetId}', { params: { path: { assetId } }, body: change }))
  },

  async addPicture(assetId, picture) {
    const body = new FormData()
    body.append('images', picture, picture.name)
    await sendRetryingSignIn(() =>
      request({ method: 'POST', path: `/api/assets/${assetId}/images`, body, headers: {} }),
    )
  },

  async remove(assetId) {
    await ask(api.DELETE('/api/assets/{assetId}', { params: { path: { assetId } } }))
  },

  findDuplicate,
}

/** Sends a request, and once more after the user signed in again. */
async function sendRetryingSignIn<Res>(attempt: () => Promise<Res>): Promise<Res> {
  try {
    return await attempt()
  } catch (error) {
    const isEnded = error instanceof ApiError && error.code === 'unauthenticated'
    if (!isEnded || !(await session.renew())) throw error
    return attempt()
  }
}

async function send(item: UploadItem, files: File[], progress: Progress): Promise<string> {
  const [file] = files
  const headers: Record<string, string> = { 'Idempotency-Key': item.key }
  const isSingle = !item.isFolder && files.length === 1 && file
  if (isSingle && item.sha256) headers['Content-Digest'] = `sha-256=:${base64OfHex(item.sha256)}:`
  const answer = isSingle
    ? await request({
        method: 'PUT',
        path: `/api/files/${encodeURIComponent(item.files[0]?.path ?? file.name)}`,
        body: file,
        headers,
        progress,
      })
    : await request({ method: 'POST', path: '/api/assets', body: formOf(item, files), headers, progress })
  return (answer as { res: { asset: { id: string } } }).res.asset.id
}

/** Returns the body of a request with several files. It depends on the choice alone, so that a repetition is the same. */
function formOf(item: UploadItem, files: File[]): FormData {
  const form = new FormData()
  form.append('name', item.name.slice(0, 200))
  for (const [index, file] of files.entries())
    form.append('files', file, item.files[index]?.path ?? file.name)
  return form
}

const base64OfHex = (hex: string) =>
  btoa(String.fromCharCode(...(hex.match(/../g) ?? []).map((byte) => Number.parseInt(byte, 16))))

interface RequestOptions {
  method: string
  path: string
  body: XMLHttpRequestBodyInit
  headers: Record<string, string>
  progress?: Progress
}

/** Sends a request by XMLHttpRequest: `fetch` does not say how much of a body was sent. */
function request({ method, path, body, headers, progress }: RequestOptions): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const xhr = new XMLHttpRequest()
    const abort = () => xhr.abort()
    const end = () => progress?.signal.removeEventListener('abort', abort)
    xhr.open(method, at(path))
    xhr.setRequestHeader('Authorization', `Bearer ${session.token}`)
    for (const [name, value] of Object.entries(headers)) xhr.setRequestHeader(name, value)
    xhr.responseType = 'json'
    xhr.upload.onprogress = ({ loaded, total }) => progress?.onProgress(loaded, loaded >= total)
    xhr.onload = () => {
      end()
      if (xhr.status >= 200 && xhr.status < 300 && xhr.response) resolve(xhr.response)
      else reject(errorOfAnswer(xhr))
    }
    xhr.onerror = () => {
      end()
      reject(new UploadError('network', text.errors.offline))
    }
    xhr.onabort = () => {
      end()
      reject(new DOMException('aborted', 'AbortError'))
    }
    if (progress?.signal.aborted) return reject(new DOMException('aborted', 'AbortError'))
    progress?.signal.addEventListener('abort', abort)
    xhr.send(body)
  })
}

/** A proxy that has lost the service answers with one of these, without an error of the API. */
const GATEWAY_ERRORS = [502, 503, 504]

function errorOfAnswer(xhr: XMLHttpRequest): UploadError {
  const { code, message } = errorOf(xhr.response)
  const retryAfter = parseRetryAfter(xhr.getResponseHeader('Retry-After'), Date.now())
  const isGateway = code === 'unexpected' && GATEWAY_ERRORS.includes(xhr.status)
  return isGateway
    ? new UploadError('unavailable', text.errors.offline, retryAfter)
    : new UploadError(code, message, retryAfter)
}

/** Own assets of the same name that are compared. */
const MAX_COMPARED = 20

/**
 * Finds an own asset that has the same file, among those that a search for the name of the file finds first.
 */
async function findDuplicate(name: string, sha256: string): Promise<{ id: string; name: string } | null> {
  const query = { scope: 'mine' as const, q: name.slice(0, 500), limit: MAX_COMPARED }
  const { assets } = await ask(api.GET('/api/assets', { params: { query } }))
  const found = assets.find(({ files }) => files.some((file) => file.sha256 === sha256))
  return found ? { id: found.id, name: found.name } : null
}
