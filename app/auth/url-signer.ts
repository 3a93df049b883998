import { createHash, createHmac, type KeyObject } from 'node:crypto'
import jwt from 'jsonwebtoken'
import type { Visibility } from '../../models/asset.ts'
import { deriveKey } from './secret.ts'
import { keyIdIn } from './tokens.ts'

const ALGORITHM = 'HS256'
const AUDIENCE = 'kura-bytes'

/** The content of a signed URL: what it opens, and whose right it needs. */
export type SignedBytes = Target & (UserRight | LinkRight)

/** One file, one image or the whole download of an asset. */
interface Target {
  asset: string
  file?: string
  image?: string
  /** The download of the asset: its only file, or a zip of its files. */
  zip?: true
  /** Send an attachment. */
  download?: true
}

/**
 * A user who can read the asset, and the state of both when the URL was created. After a change of it the URL is
 * invalid. Missing epochs are 0.
 */
export interface UserRight {
  user: string
  visibility: Visibility
  visibilityEpoch?: number
  sessionEpoch?: number
}

/** A link to the asset. After a change of its password the URL is invalid. */
export interface LinkRight {
  link: string
  passwordEpoch: number
  /** The URLs of one answer have the same id. Together they use one download of the link. */
  use: string
}

/** @property exp when the URL expires, in seconds since 1970 */
type VerifiedBytes = SignedBytes & { exp: number }

/** Creates and verifies the tokens of signed URLs. They are not stored. */
export interface UrlSigner {
  sign(bytes: SignedBytes, expiresAt: Date): string
  /** Returns null for a token that has expired or was not signed with one of the secrets. */
  verify(token: string, now: Date): VerifiedBytes | null
}

const encode = (json: object) => Buffer.from(JSON.stringify(json)).toString('base64url')

/**
 * Creates a signer that signs with a key derived from the first secret and verifies with the keys of all secrets
 * (RFC 5869). The derived keys separate the tokens of URLs from those of sessions. Signatures are compared in constant
 * time. A list of assets can have 2,900 URLs, so the compact form (RFC 7515 §7.1) is written here: jsonwebtoken's `sign`
 * takes two to four times as long.
 *
 * @param secrets at least one
 */
export function createUrlSigner(secrets: readonly string[]): UrlSigner {
  const keys = new Map(
    secrets.map((secret) => deriveKey(secret, 'kura signed urls')).map((key) => [keyId(key), key]),
  )
  const [signing] = keys
  if (!signing) throw new TypeError('at least one secret is required')
  const [kid, signingKey] = signing
  const header = encode({ alg: ALGORITHM, typ: 'JWT', kid })

  return {
    sign(bytes, expiresAt) {
      const claims = { ...bytes, exp: Math.floor(expiresAt.getTime() / 1000), aud: AUDIENCE }
      const signed = `${header}.${encode(claims)}`
      return `${signed}.${createHmac('sha256', signingKey).update(signed).digest('base64url')}`
    },
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
        return verified as VerifiedBytes
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
