import { createHash } from 'node:crypto'
import { parseDictionary } from 'structured-headers'
import { type AppError, checksumMismatch, validationFailed } from '../errors.ts'

/** Length of a SHA-256, in bytes. */
const SHA256_LENGTH = 32

/**
 * Returns the SHA-256 of a `Content-Digest` header (RFC 9530 §2) in lower-case hex; undefined if there is no header or it
 * has other algorithms only.
 *
 * @throws validation_failed if the header cannot be read, because it can be meant as a SHA-256
 */
export function readContentDigest(header: string | string[] | undefined): string | undefined {
  if (header === undefined) return undefined
  const member = readMembers(String(header)).get('sha-256')
  if (member === undefined) return undefined
  const [value] = member
  if (!(value instanceof ArrayBuffer) || value.byteLength !== SHA256_LENGTH) throw invalid()
  return Buffer.from(value).toString('hex')
}

/** Checks the SHA-256 of received bytes, in hex. @throws checksum_mismatch */
export function assertDigest(received: string, expected: string | undefined): void {
  if (expected !== undefined && received !== expected) throw checksumMismatch()
}

/** Compares bytes, while they pass, with the digest that a client sent for them. */
export class DigestCheck {
  readonly #hash = createHash('sha256')

  /** @param digest as `readContentDigest` returns it */
  constructor(private readonly digest: string) {}

  update(bytes: Buffer): void {
    this.#hash.update(bytes)
  }

  /** @throws checksum_mismatch */
  end(): void {
    assertDigest(this.#hash.digest('hex'), this.digest)
  }
}

function readMembers(header: string) {
  try {
    return parseDictionary(header)
  } catch (error) {
    throw invalid(error)
  }
}

const invalid = (cause?: unknown): AppError =>
  validationFailed(
    [{ field: 'Content-Digest', message: 'must be sha-256=:…: with the SHA-256 in base64 (RFC 9530)' }],
    cause,
  )
