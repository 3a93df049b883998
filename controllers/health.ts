import type { RequestHandler } from 'express'
import { unavailable } from '../app/errors.ts'
import { checkReadiness } from '../app/maintenance/readiness.ts'
import { errorEnvelope } from '../middleware/envelope.ts'
import { logCause } from '../middleware/handle-errors.ts'

/** Answers that the process runs. */
export const alive: RequestHandler = (_req, res) => {
  res.json({ ok: true })
}

/** Answers whether the service takes requests, with the result of each check. */
export const ready: RequestHandler = async (req, res) => {
  const { log, stopping } = req.context
  const { isReady, checks, causes } = await checkReadiness(req.context)
  if (isReady) {
    res.json({ ok: true, checks })
    return
  }
  for (const cause of causes) logCause(log, unavailable(cause), { reqId: req.id })
  const refusal = unavailable(
    undefined,
    stopping.aborted ? 'The service is stopping.' : 'The service is not ready; `checks` says why.',
  )
  res.set({ ...refusal.headers, 'Cache-Control': 'no-store' }).status(refusal.status)
  res.json({ ...errorEnvelope(refusal, req.id), checks })
}
