import type { RequestHandler } from 'express'
import { unauthenticated } from '../app/errors.ts'

/** Only signed-in users pass; `req.user` and `req.session` are set. */
export const authenticate: RequestHandler = (req, res, next) => {
  req.services.passport.authenticate(
    'jwt',
    { session: false },
    (error: unknown, user: Express.User | false) => {
      if (error) next(error)
      else if (!user) next(unauthenticated())
      else {
        req.user = user
        next()
      }
    },
  )(req, res, next)
}

/** Callers without a token pass as nobody; a bad token is refused, never downgraded to nobody. */
export const identify: RequestHandler = (req, res, next) =>
  req.get('Authorization') === undefined ? next() : authenticate(req, res, next)
