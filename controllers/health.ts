import type { RequestHandler } from 'express'
import mongoose from 'mongoose'
import { unavailable } from '../app/errors.ts'

/** The process runs. */
export const alive: RequestHandler = (_req, res) => {
  res.json({ ok: true })
}

/** Database and store answer, and the process takes work: send it requests. */
export const ready: RequestHandler = async ({ services: { store, stopping } }, res) => {
  if (stopping.aborted) throw unavailable()
  const signal = AbortSignal.timeout(2000)
  await Promise.all([pingDatabase(signal), store.check(signal)]).catch((error) => {
    throw unavailable(error)
  })
  res.json({ ok: true })
}

async function pingDatabase(signal: AbortSignal): Promise<void> {
  const { db } = mongoose.connection
  if (!db) throw new Error('the database is not connected')
  const gaveUp = new Promise<never>((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(new Error('the database did not answer')), { once: true })
  })
  await Promise.race([db.command({ ping: 1 }), gaveUp])
}
