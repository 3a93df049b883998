import type { RequestHandler } from 'express'
import { type AppError, badCredentials, unauthenticated } from '../app/errors.ts'

/** Passport decides; what it says becomes the contract's refusal instead of Passport's own answer. */
const by =
  (strategy: 'jwt' | 'local', refusal: () => AppError): RequestHandler =>
  (req, res, next) => {
    const decide = (error: unknown, user: Express.User | false | undefined) => {
      if (error) return next(error)
      if (!user) return next(refusal())
      req.user = user
      next()
    }
    req.passport.authenticate(strategy, { session: false }, decide)(req, res, next)
  }

/** Only callers with a live token pass; `req.user` and `req.session` are set. */
export const authenticate = by('jwt', unauthenticated)

/** Only callers with a name and its password in the body pass; `req.user` is set, `passwordHash` included. */
export const verifyLogin = by('local', badCredentials)

/** Callers without a token pass as nobody; a bad token is refused, never downgraded to nobody. */
export const identify: RequestHandler = (req, res, next) =>
  req.get('Authorization') ? authenticate(req, res, next) : next()
