import type { RequestHandler } from 'express'
import { unavailable } from '../app/errors.ts'
import { assertWritable } from '../app/require-writable.ts'
import { Capacity } from '../models/capacity.ts'

/** The process runs. */
export const alive: RequestHandler = (_req, res) => {
  res.json({ ok: true })
}

/** Database and store answer, and the process takes work: send it requests. */
export const ready: RequestHandler = async ({ services }, res) => {
  const { store, stopping, prepared } = services
  if (stopping.aborted || !prepared) throw unavailable()
  assertWritable(services)
  const signal = AbortSignal.timeout(2000)
  await Promise.all([findCapacity(signal), store.check(signal)]).catch((error) => {
    throw unavailable(error)
  })
  res.json({ ok: true })
}

/** The account of everybody's space is the last thing that the start of a service puts into its database. */
async function findCapacity(signal: AbortSignal): Promise<void> {
  const gaveUp = new Promise<never>((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(new Error('the database did not answer')), { once: true })
  })
  if (!(await Promise.race([Capacity.isOpen(), gaveUp]))) throw new Error('the database is not prepared yet')
}
