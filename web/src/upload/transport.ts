import { api, ask } from '../api/client.ts'
import { ApiError } from '../api/errors.ts'
import { sendBody } from '../api/send-body.ts'
import { session } from '../api/session.ts'
import { text } from '../text.ts'
import { nameOf, type UploadItem } from './item.ts'
import type { Progress, Transport } from './parts.ts'

/**
 * Uploads by one request. Resumable uploads come in here: another `upload` that goes on from the bytes that the service
 * has. Everything else of the queue stays.
 */
export const transport: Transport = {
  async upload(item, files, progress) {
    const answer = await sendBody({ ...requestOf(item, files), ...watch(progress) })
    return (answer as { res: { asset: { id: string } } }).res.asset.id
  },

  async change(item, body) {
    await ask(api.PATCH('/api/assets/{assetId}', { params: pathOf(item), body }))
  },

  async addPicture(item, picture) {
    const body = new FormData()
    body.append('images', picture, picture.name)
    await sendBody({ method: 'POST', path: `/api/assets/${pathOf(item).path.assetId}/images`, body })
  },

  async remove(item) {
    await ask(api.DELETE('/api/assets/{assetId}', { params: pathOf(item) }))
  },

  async findDuplicate({ owner, sha256 }) {
    assertSignedIn(owner)
    const query = { scope: 'mine' as const, sha256: sha256 ? [sha256] : [], limit: 1 }
    const { assets } = await ask(api.GET('/api/assets', { params: { query } }))
    const [found] = assets
    return found ? { id: found.id, name: found.name } : null
  },
}

/** A window can have another account by now: it must not get the files of this one. @throws ApiError */
function assertSignedIn(owner: string): void {
  if (session.account?.id !== owner) throw new ApiError('unauthenticated', text.account.ended)
}

function pathOf({ owner, assetId }: UploadItem): { path: { assetId: string } } {
  assertSignedIn(owner)
  return { path: { assetId: String(assetId) } }
}

const watch = ({ signal, onProgress }: Progress) => ({
  signal,
  onProgress: (loaded: number, total: number) => onProgress(loaded, loaded >= total),
})

/** Returns the request of an upload. It depends on the choice alone, so that a repetition is the same. */
function requestOf(item: UploadItem, files: File[]) {
  assertSignedIn(item.owner)
  const headers = { 'Idempotency-Key': item.key }
  const [file] = files
  if (!item.isFolder && files.length === 1 && file) {
    const path = `/api/files/${encodeURIComponent(item.files[0]?.path ?? file.name)}`
    const digest = item.sha256 && { 'Content-Digest': `sha-256=:${base64OfHex(item.sha256)}:` }
    return { method: 'PUT' as const, path, body: file, headers: { ...headers, ...digest } }
  }
  const body = new FormData()
  body.append('name', nameOf(item))
  for (const [index, one] of files.entries()) body.append('files', one, item.files[index]?.path ?? one.name)
  return { method: 'POST' as const, path: '/api/assets', body, headers }
}

const base64OfHex = (hex: string) =>
  btoa(String.fromCharCode(...(hex.match(/../g) ?? []).map((byte) => Number.parseInt(byte, 16))))
