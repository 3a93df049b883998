import { createHash, timingSafeEqual } from 'node:crypto'
import type { RequestHandler } from 'express'
import {
  invalidToken,
  notFound,
  stopping as stoppingError,
  unauthenticated,
  unavailable,
} from '../app/errors.ts'
import { checkReadiness } from '../app/maintenance/readiness.ts'
import { errorEnvelope, success } from '../middleware/envelope.ts'
import { logCause } from '../middleware/handle-errors.ts'
import manifest from '../package.json' with { type: 'json' }

/** Answers that the process runs. */
export const alive: RequestHandler = (_req, res) => {
  res.json({ ok: true })
}

/** Answers whether the service takes requests, with the result of each check. */
export const ready: RequestHandler = async (req, res) => {
  const { stopping } = req.context
  const { isReady, checks, causes } = await checkReadiness(req.context)
  if (isReady) {
    res.json({ ok: true, checks })
    return
  }
  const error = stopping.aborted
    ? stoppingError()
    : unavailable(undefined, 'The service is not ready; `checks` says why.')
  for (const cause of causes) logCause(req.context, cause, { reqId: req.id })
  res.set({ ...error.headers, 'Cache-Control': 'no-store' }).status(error.status)
  res.json({ ...errorEnvelope(error, req.id), checks })
}

/** Answers what this service is, and whether its documents are only in trial storage. */
export const describe: RequestHandler = ({ context: { config, storage } }, res) => {
  const { name, version } = manifest
  res.set('Cache-Control', 'no-store')
  res.json(success({ name, version, docs: `${config.http.basePath}/docs`, storage }))
}

const digest = (text: string) => createHash('sha256').update(text).digest()

/**
 * Sends the metrics for Prometheus. Needs the bearer token `METRICS_TOKEN` if it is set. If it is not set, the metrics
 * are public, except in production, where this route does not exist.
 */
export const metrics: RequestHandler = async ({ context, headers }, res) => {
  const { metrics, production } = context.config
  const { token } = metrics
  if (production && !token) throw notFound()
  const given = headers.authorization ?? ''
  if (token && !/^bearer[ \t]/i.test(given)) throw unauthenticated()
  if (token && !timingSafeEqual(digest(given.slice('bearer '.length).trim()), digest(token)))
    throw invalidToken()
  const { registry } = context.metrics
  res
    .set('Cache-Control', 'no-store')
    .type(registry.contentType)
    .send(await registry.metrics())
}
