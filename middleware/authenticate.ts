import type { Request, RequestHandler, Response } from 'express'
import { Passport } from 'passport'
import { Strategy as JwtStrategy } from 'passport-jwt'
import { Strategy as LocalStrategy } from 'passport-local'
import { verifyCredentials } from '../app/auth/credentials.ts'
import { authenticateToken } from '../app/auth/sessions.ts'
import type { Claims, Tokens } from '../app/auth/tokens.ts'
import { type AppError, badCredentials, unauthenticated } from '../app/errors.ts'
import { parseBody } from './parse-body.ts'
import { clientOf } from './request-info.ts'

/** Creates the authenticator with its two strategies: `jwt` for a token, `local` for a login and a password. */
export function createPassport({ strategyOptions }: Pick<Tokens, 'strategyOptions'>) {
  const passport = new Passport()
  passport.use(
    new JwtStrategy({ ...strategyOptions, passReqToCallback: true }, (req, claims: Claims, done) => {
      authenticateToken(req.context, claims).then((caller) => {
        if (caller) req.session = caller.session
        done(null, caller ? caller.user : false)
      }, done)
    }),
  )
  passport.use(
    new LocalStrategy({ usernameField: 'login', passReqToCallback: true }, (req, login, password, done) => {
      verifyCredentials(req.context, { login, password }, clientOf(req)).then((user) => {
        req.verified = user
        done(null, user)
      }, done)
    }),
  )
  return passport
}

/** Authenticates with a strategy of Passport. Throws an `AppError` in place of Passport's own answer. */
const authenticateBy =
  (strategy: 'jwt' | 'local', createError: () => AppError): RequestHandler =>
  (req, res, next) => {
    const decide = (error: unknown, user: Express.User | false | undefined) => {
      if (error) return next(error)
      if (!user) return next(createError())
      req.user = user
      next()
    }
    req.passport.authenticate(strategy, { session: false }, decide)(req, res, next)
  }

const authenticateByToken = authenticateBy('jwt', unauthenticated)

/**
 * Authenticates by the token in `Authorization`: sets `req.user` and `req.session`. Does nothing if earlier middleware
 * has authenticated the request.
 *
 * @throws unauthenticated
 */
export const authenticate: RequestHandler = (req, res, next) =>
  req.session ? next() : authenticateByToken(req, res, next)

/**
 * Authenticates by the login and the password in the body: sets `req.verified`, which has its `passwordHash`.
 *
 * @throws bad_credentials
 */
export const verifyLogin = authenticateBy('local', badCredentials)

/**
 * Authenticates if there is an `Authorization` header. A request without it is anonymous. A request with an invalid
 * token is refused, never treated as anonymous.
 *
 * @throws unauthenticated
 */
export const authenticateOptional: RequestHandler = (req, res, next) =>
  req.get('Authorization') ? authenticate(req, res, next) : next()

/**
 * Uses the field `token` of the body or of the query if there is no `Authorization` header. For clients of earlier
 * services only.
 */
export const takeToken: RequestHandler = async (req, _res, next) => {
  if (!req.headers.authorization) await parseBody(req)
  readToken(req)
  next()
}

/** Does the same with the field of the query only, so that the body is not read. */
export const takeQueryToken: RequestHandler = (req, _res, next) => {
  readToken(req)
  next()
}

/**
 * Authenticates by the field `token` of a multipart body, once that field has arrived.
 *
 * @throws unauthenticated
 */
export function authenticateByField(req: Request, res: Response): Promise<void> {
  readToken(req)
  return new Promise((resolve, reject) => {
    authenticate(req, res, (error?: unknown) => (error ? reject(error) : resolve()))
  })
}

function readToken(req: Request): void {
  const fields = [req.body, req.query] as ({ token?: unknown } | undefined)[]
  const token = fields.map((field) => field?.token).find((value) => typeof value === 'string' && value !== '')
  if (!req.headers.authorization && token !== undefined) req.headers.authorization = `Bearer ${token}`
}
