import type { Request, RequestHandler, Response } from 'express'
import { Passport } from 'passport'
import { Strategy as JwtStrategy } from 'passport-jwt'
import { Strategy as LocalStrategy } from 'passport-local'
import { verifyCredentials } from '../app/auth/credentials.ts'
import { authenticateToken } from '../app/auth/sessions.ts'
import type { Claims, Tokens } from '../app/auth/tokens.ts'
import { AppError, badCredentials, invalidToken, unauthenticated } from '../app/errors.ts'
import { parseBody } from './parse-body.ts'
import { clientOf } from './request-info.ts'

/** Creates the authenticator with its two strategies: `jwt` for a token, `local` for a login and a password. */
export function createPassport({ strategyOptions }: Pick<Tokens, 'strategyOptions'>) {
  const passport = new Passport()
  passport.use(
    new JwtStrategy(
      { ...strategyOptions, jwtFromRequest: tokenOf, passReqToCallback: true },
      (req, claims: Claims, done) => {
        authenticateToken(req.context, claims).then((caller) => {
          if (caller) req.session = caller.session
          done(null, caller ? caller.user : false)
        }, done)
      },
    ),
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

const authenticateByToken = authenticateBy('jwt', invalidToken)

/**
 * Authenticates by the token in `Authorization`: sets `req.user` and `req.session`. Does nothing if earlier middleware
 * has authenticated the request.
 *
 * @throws unauthenticated
 */
export const authenticate: RequestHandler = (req, res, next) => {
  if (req.session) return next()
  const { kind, value } = readAuthorization(req.headers.authorization)
  if (kind === 'none' || kind === 'other') return next(unauthenticated())
  if (kind === 'token') return authenticateByToken(req, res, next)
  next(
    invalidToken(
      kind === 'placeholder'
        ? `The Authorization header contains the text "${value}" in place of a token. Send the token of a sign-in, or no header.`
        : 'The Authorization header contains no valid token. Send it as: Bearer <token>.',
    ),
  )
}

/**
 * Authenticates by the login and the password in the body: sets `req.verified`, which has its `passwordHash`.
 *
 * @throws bad_credentials
 */
export const verifyLogin = authenticateBy('local', badCredentials)

/**
 * Authenticates if the `Authorization` header contains a token. A request without it is anonymous, also one with a header
 * of another scheme, which can belong to a proxy. A request with an invalid token is refused, never treated as anonymous.
 *
 * @throws unauthenticated
 */
export const authenticateOptional: RequestHandler = (req, res, next) =>
  hasToken(req) ? authenticate(req, res, next) : next()

/**
 * Does the same on a route where a client can also sign in: an invalid token is ignored if the body has a password, because
 * clients send their last token until they get another.
 *
 * @throws unauthenticated
 */
export const authenticateOrSignIn: RequestHandler = async (req, res, next) => {
  await parseBody(req)
  const signsIn = Boolean((req.body as { password?: unknown } | undefined)?.password)
  authenticateOptional(req, res, (error?: unknown) =>
    next(signsIn && error instanceof AppError && error.status === 401 ? undefined : error),
  )
}

/**
 * Uses the field `token` of the body or of the query if the `Authorization` header contains no token. For clients of
 * earlier services only.
 */
export const takeToken: RequestHandler = async (req, _res, next) => {
  if (!hasToken(req)) await parseBody(req)
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
  if (hasToken(req)) return
  const fields = [req.body, req.query] as ({ token?: unknown } | undefined)[]
  const token = fields.map((field) => field?.token).find((value) => typeof value === 'string' && value !== '')
  if (token !== undefined) req.headers.authorization = `Bearer ${token}`
}

function hasToken({ headers }: Request): boolean {
  const { kind } = readAuthorization(headers.authorization)
  return kind !== 'none' && kind !== 'other'
}

function tokenOf({ headers }: Request): string | null {
  const { kind, value } = readAuthorization(headers.authorization)
  return kind === 'token' ? value : null
}

/**
 * What an `Authorization` header contains: nothing, credentials of another scheme, something that has the syntax of a
 * token, the text of an empty variable in place of a token, or something in place of a token that cannot be one.
 */
interface Authorization {
  kind: 'none' | 'other' | 'token' | 'placeholder' | 'malformed'
  value: string
}

/** Longest token that is verified, in characters. A session token has about 350. */
const TOKEN_MAX = 4096
/** The form of a token (`token68`, RFC 9110 §11.2). */
const TOKEN = /^[\w.~+/-]+=*$/
/** The form of a token without a scheme: a JWT (RFC 7519). Another single word is the name of another scheme. */
const BARE_TOKEN = /^[\w-]+\.[\w-]+\.[\w-]*$/
/** The form of the name of a scheme (`token`, RFC 9110 §5.6.2). */
const SCHEME = /^[\w!#$%&'*+.^`|~-]+$/
/** The text that JavaScript makes of a variable that has no value. */
const PLACEHOLDER = /^(?:null|undefined)$/

/**
 * Reads an `Authorization` header: `Bearer <token>`, `Token token=<token>` or the token alone. The token can be in quotes.
 * The scheme is not case-sensitive.
 */
export function readAuthorization(header = ''): Authorization {
  const text = header.trim()
  if (text === '') return { kind: 'none', value: '' }
  const end = text.search(/[ \t]/)
  const first = end < 0 ? text : text.slice(0, end)
  const rest = end < 0 ? '' : text.slice(end).trim()
  const scheme = first.toLowerCase()
  if (scheme === 'bearer') return readToken68(unquoted(rest))
  if (scheme === 'token') return readToken68(unquoted(/^token[ \t]*=(.*)$/i.exec(rest)?.[1]?.trim() ?? ''))
  const bare = unquoted(text)
  if (PLACEHOLDER.test(bare) || BARE_TOKEN.test(bare)) return readToken68(bare)
  return { kind: SCHEME.test(first) ? 'other' : 'malformed', value: '' }
}

function readToken68(value: string): Authorization {
  if (PLACEHOLDER.test(value)) return { kind: 'placeholder', value }
  return value.length <= TOKEN_MAX && TOKEN.test(value)
    ? { kind: 'token', value }
    : { kind: 'malformed', value: '' }
}

const unquoted = (text: string) =>
  text.length > 1 && text.startsWith('"') && text.endsWith('"') ? text.slice(1, -1) : text
