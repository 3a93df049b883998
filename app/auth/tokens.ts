import { createHash, createSecretKey } from 'node:crypto'
import jwt from 'jsonwebtoken'
import type { StrategyOptionsWithoutRequest } from 'passport-jwt'
import { SESSION_MAX_MS, type SessionFields, tokenIdOf } from '../../models/session.ts'

const ALGORITHM = 'HS256'
const PARTIES = { issuer: 'kura', audience: 'kura' } as const

/** What a verified token says (RFC 7519): whose it is, and which session. */
export interface Claims {
  sub: string
  jti: string
}

/** Signs with the first secret and verifies with any, so that secrets can be rotated. */
export interface Tokens {
  sign(session: SessionFields): string
  /** What a token says, if it is one of ours and its time is not over; else null. */
  verify(token: string): Claims | null
  /** How passport-jwt finds and verifies a token. */
  strategyOptions: StrategyOptionsWithoutRequest
}

/**
 * Secrets become key objects once: verifying with one is some forty times faster than with a string.
 * A token names its key by `kid` (RFC 7515 §4.1.4), a digest of the secret.
 *
 * @param secrets at least one
 */
export function createTokens(secrets: readonly string[]): Tokens {
  const keys = new Map(secrets.map((secret) => [keyId(secret), createSecretKey(Buffer.from(secret))]))
  const [signing] = keys
  if (!signing) throw new TypeError('a secret is needed')
  const [keyid, signingKey] = signing
  const keyOf = (token: string) => keys.get(keyIdIn(token))

  return {
    sign(session) {
      const { user, createdAt } = session
      const iat = Math.floor(createdAt.getTime() / 1000)
      const claims = { sub: user.toString(), jti: tokenIdOf(session), iat, exp: iat + SESSION_MAX_MS / 1000 }
      return jwt.sign(claims, signingKey, { algorithm: ALGORITHM, keyid, ...PARTIES })
    },
    verify(token) {
      const key = keyOf(token)
      if (!key) return null
      try {
        return jwt.verify(token, key, { ...PARTIES, algorithms: [ALGORITHM] }) as Claims
      } catch (error) {
        if (error instanceof jwt.JsonWebTokenError) return null
        throw error
      }
    },
    strategyOptions: {
      ...PARTIES,
      algorithms: [ALGORITHM],
      jwtFromRequest: ({ headers }) => tokenIn(headers.authorization),
      secretOrKeyProvider(_request, token, done) {
        const key = keyOf(token)
        // jsonwebtoken verifies with key objects, but the types of passport-jwt allow text and buffers only:
        // https://github.com/DefinitelyTyped/DefinitelyTyped/pull/17607
        done(key ? null : new Error('the token names no key of ours'), key as unknown as string)
      },
    },
  }
}

/** Longest `Authorization` header that is read, in characters; a token of ours has about 350. */
const HEADER_MAX = 4096

/** Characters of a token (`token68`, RFC 9110 §11.2). */
const TOKEN = /^[\w.~+/-]+=*$/

/**
 * Returns the token of an `Authorization` header: `Bearer <token>`, `Token token=<token>`, with quotes or without, or
 * the token alone. The scheme is taken in any case; null for everything else.
 */
export function tokenIn(header = ''): string | null {
  if (header.length > HEADER_MAX) return null
  const [first = '', ...others] = header.trim().split(' ')
  const token = others.length === 0 ? first : parameterOf(first.toLowerCase(), others.join(' ').trim())
  return TOKEN.test(token) ? token : null
}

function parameterOf(scheme: string, parameter: string): string {
  if (scheme === 'bearer') return parameter
  const value = scheme === 'token' ? (/^token=(.*)$/i.exec(parameter)?.[1] ?? '') : ''
  return /^".*"$/.test(value) ? value.slice(1, -1) : value
}

/**
 * Returns the `kid` of a token's header (RFC 7515 §4.1.4); empty for text that is no token, and for a token whose claims
 * are no object: jsonwebtoken reads fields of `null`.
 */
export function keyIdIn(token: string): string {
  try {
    const decoded = jwt.decode(token, { complete: true })
    const kid: unknown = decoded?.header.kid
    return typeof kid === 'string' && decoded?.payload instanceof Object ? kid : ''
  } catch (error) {
    // thrown for a payload that is no JSON
    if (error instanceof SyntaxError) return ''
    throw error
  }
}

function keyId(secret: string): string {
  return createHash('sha256').update(`kura token key ${secret}`).digest('base64url').slice(0, 12)
}
