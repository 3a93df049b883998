import { createHash, timingSafeEqual } from 'node:crypto'
import type { RequestHandler } from 'express'
import { unauthenticated } from '../app/errors.ts'

const digest = (text: string) => createHash('sha256').update(text).digest()

/** What Prometheus reads; only for the bearer of `METRICS_TOKEN` where that is set. */
export const read: RequestHandler = async ({ services, headers }, res) => {
  const { token } = services.config.metrics
  if (token && !timingSafeEqual(digest(headers.authorization ?? ''), digest(`Bearer ${token}`)))
    throw unauthenticated()
  const { registry } = services.metrics
  res
    .set('Cache-Control', 'no-store')
    .type(registry.contentType)
    .send(await registry.metrics())
}
