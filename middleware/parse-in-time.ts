import type { RequestHandler } from 'express'
import { timeout } from '../app/errors.ts'

/** How long the body of a JSON or form request may take, in milliseconds. */
const BODY_MS = 20_000

/** Runs a body parser. A body that has not arrived in time is refused. @throws `timeout` */
export function parseInTime(parse: RequestHandler, limitMs = BODY_MS): RequestHandler {
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
      timer = setTimeout(finish, limitMs, timeout(`The body did not arrive within ${limitMs / 1000} s.`))
  }
}
