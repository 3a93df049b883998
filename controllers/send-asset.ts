import { createHash } from 'node:crypto'
import type { Request, Response } from 'express'
import { presentAssets } from '../app/assets/present.ts'
import { success } from '../app/envelope.ts'
import { isFresh } from '../app/storage/send-object.ts'
import type { ListedAsset } from '../models/asset-shape.ts'

/** Answers with one asset as the caller sees it, its ETag made of its version and of this very answer. */
export async function sendAsset(
  req: Request,
  res: Response,
  asset: ListedAsset,
  status = 200,
): Promise<void> {
  const [view] = await presentAssets([asset], req.user, req.services.clock.now())
  const body = JSON.stringify(success({ asset: view }))
  const digest = createHash('sha256').update(body).digest('base64url').slice(0, 12)
  res.set({
    ETag: `"${asset.version}-${digest}"`,
    'Cache-Control': 'private, no-cache',
    Vary: 'Authorization',
  })
  if (req.method === 'GET' && isFresh(req, res)) res.status(304).end()
  else res.status(status).type('json').send(body)
}
