import { createHash } from 'node:crypto'
import type { Request, Response } from 'express'
import { urlsFor } from '../app/assets/signed-url.ts'
import { success } from '../middleware/envelope.ts'
import { sendJson } from '../middleware/send-json.ts'
import type { Whole } from '../models/file-set.ts'
import { serializeAsset, serializeAssets, urlsBelow } from '../models/views/asset.ts'
import { isFresh } from './send-object.ts'

/**
 * Sends an asset as the caller can see it. The ETag is `"<version>-<hash of this response>"`, because callers with
 * different access get different responses for one version. A GET or HEAD with a matching `If-None-Match` is answered
 * with 304.
 *
 * @param signed whether the URLs are signed for the caller or the link
 */
export async function sendAsset(
  req: Request,
  res: Response,
  asset: Whole,
  { status = 200, signed = false } = {},
): Promise<void> {
  sendView(req, res, await serializeFor(req, asset, signed), status)
}

/** Sends a serialized asset. */
export function sendView(req: Request, res: Response, view: { version: number }, status: number): void {
  const body = JSON.stringify(success({ asset: view }))
  const digest = createHash('sha256').update(body).digest('base64url').slice(0, 12)
  res.set({ ETag: `"${view.version}-${digest}"`, 'Cache-Control': 'private, no-cache' })
  res.vary('Authorization, X-Link-Password')
  if (['GET', 'HEAD'].includes(req.method) && isFresh(req, res)) res.status(304).end()
  else sendJson(res, body, status)
}

/** Serializes an asset as the caller can see it. */
export async function serializeFor({ context, link, params, user }: Request, asset: Whole, signed = false) {
  const now = context.clock.now()
  if (link) {
    const urlOf = signed
      ? urlsFor(context, link, signed)(asset)
      : urlsBelow(`${context.config.http.basePath}/api/links/${params.token}`)
    return serializeAsset(asset, { viewer: null, owner: null, now, urlOf })
  }
  const [serialized] = await serializeAssets([asset], user, now, urlsFor(context, user, signed))
  if (!serialized) throw new Error('the asset was not serialized')
  return serialized
}
