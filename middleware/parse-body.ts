import express, { type RequestHandler } from 'express'
import { timeout } from '../app/errors.ts'
import { JSON_BYTES } from '../config/body-limits.ts'

/** Time in which the body of a JSON or form request must arrive, in milliseconds. */
const BODY_MS = 20_000

/** Parses JSON bodies into `req.body`. */
export const parseJson = parseInTime(
  express.json({ limit: JSON_BYTES, strict: true, type: ['application/json', 'application/*+json'] }),
)

/** Parses form bodies into `req.body`, for the clients of earlier services. */
export const parseForm = parseInTime(express.urlencoded({ extended: false, limit: JSON_BYTES }))

/**
 * Runs a body parser with a time limit.
 *
 * @throws timeout
 */
function parseInTime(parse: RequestHandler): RequestHandler {
  return (req, res, next) => {
    let timer: NodeJS.Timeout | undefined
    let isDone = false
    const finish = (error?: unknown) => {
      if (isDone) return
      isDone = true
      clearTimeout(timer)
      next(error)
    }
    parse(req, res, finish)
    if (!isDone)
      timer = setTimeout(finish, BODY_MS, timeout(`The body did not arrive within ${BODY_MS / 1000} s.`))
  }
}
