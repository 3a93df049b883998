import { createHash, timingSafeEqual } from 'node:crypto'
import type { RequestHandler } from 'express'
import { notFound, unauthenticated } from '../app/errors.ts'

const digest = (text: string) => createHash('sha256').update(text).digest()

/** What Prometheus reads; only for the bearer of `METRICS_TOKEN`, without which it is open outside of production. */
export const read: RequestHandler = async ({ context, headers }, res) => {
  const { metrics, production } = context.config
  const { token } = metrics
  if (production && !token) throw notFound()
  if (token && !timingSafeEqual(digest(headers.authorization ?? ''), digest(`Bearer ${token}`)))
    throw unauthenticated()
  const { registry } = context.metrics
  res
    .set('Cache-Control', 'no-store')
    .type(registry.contentType)
    .send(await registry.metrics())
}
