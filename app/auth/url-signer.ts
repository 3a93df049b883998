import { createHash, type KeyObject } from 'node:crypto'
import jwt from 'jsonwebtoken'
import type { Visibility } from '../../models/asset.ts'
import { deriveKey } from './secret.ts'
import { keyIdIn } from './tokens.ts'

const ALGORITHM = 'HS256'
const AUDIENCE = 'kura-bytes'

/** What a signed URL gives: one file, or one picture, of an asset, as far as this user may read it. */
export interface SignedBytes {
  asset: string
  file?: string
  image?: string
  user: string
  /** Of the asset and of the user when the URL was made: with others the URL has ended. Missing epochs are 0. */
  visibility: Visibility
  visibilityEpoch?: number
  sessionEpoch?: number
}

/** Makes and reads the tokens of signed URLs; nothing of them is kept. */
export interface UrlSigner {
  sign(bytes: SignedBytes, expiresAt: Date): string
  /** Null for whatever we have not signed, and for what has expired. */
  verify(token: string, now: Date): SignedBytes | null
}

/**
 * Signs with a key derived from the first secret and verifies with those of all (RFC 5869), so that a URL's
 * token can never be taken for a session's, nor the other way round. The signature is compared in constant time.
 *
 * @param secrets at least one
 */
export function createUrlSigner(secrets: readonly string[]): UrlSigner {
  const keys = new Map(
    secrets.map((secret) => deriveKey(secret, 'kura signed urls')).map((key) => [keyId(key), key]),
  )
  const [signing] = keys
  if (!signing) throw new TypeError('a secret is needed')
  const [keyid, signingKey] = signing

  return {
    sign: (bytes, expiresAt) =>
      jwt.sign({ ...bytes, exp: Math.floor(expiresAt.getTime() / 1000) }, signingKey, {
        algorithm: ALGORITHM,
        audience: AUDIENCE,
        keyid,
        noTimestamp: true,
      }),
    verify(token, now) {
      const key = keys.get(keyIdIn(token))
      if (!key) return null
      try {
        const clockTimestamp = Math.floor(now.getTime() / 1000)
        const verified = jwt.verify(token, key, {
          algorithms: [ALGORITHM],
          audience: AUDIENCE,
          clockTimestamp,
        })
        return verified as jwt.JwtPayload & SignedBytes
      } catch (error) {
        if (error instanceof jwt.JsonWebTokenError) return null
        throw error
      }
    },
  }
}

function keyId(key: KeyObject): string {
  return createHash('sha256').update(key.export()).digest('base64url').slice(0, 12)
}
