import { makeExactValidator, makeValidator } from 'envalid'
import proxyAddr from 'proxy-addr'
import { parseOrigin } from './origins.ts'

/** Throws the error of a parser. The message completes the sentence "NAME …". */
const refuse = (message: string): never => {
  throw new TypeError(message)
}

const parseInteger = (least: number, most: number) => (input: string) => {
  const value = Number(input)
  if (!/^\d+$/.test(input) || !Number.isSafeInteger(value) || value < least || value > most)
    return refuse(`must be a whole number from ${least} to ${most}`)
  return value
}

/** Parses a whole number from `least` to `most`. */
export const integer = (least: number, most = Number.MAX_SAFE_INTEGER) =>
  makeValidator<number>(parseInteger(least, most))

/** Parses `true` or `false`. */
export const boolean = makeValidator<boolean>((input) =>
  /^(?:true|false)$/.test(input) ? input === 'true' : refuse('must be true or false'),
)

/** Parses a text that is not empty. */
export const text = makeValidator<string>((input) =>
  input.trim() === '' ? refuse('must not be empty') : input,
)

/** Least characters of a secret that signs tokens: as long as its hash (RFC 7518 §3.2). */
export const MIN_SECRET_LENGTH = 32

/** Parses a comma-separated list of secrets. */
export const secrets = makeExactValidator<string[]>((input) => {
  const list = split(input)
  return list.length > 0 && list.every((secret) => secret.length >= MIN_SECRET_LENGTH)
    ? list
    : refuse(
        `must be one secret or several, comma-separated, each of at least ${MIN_SECRET_LENGTH} characters`,
      )
})

/** Parses a URL with one of the given schemes, without credentials, query and fragment. */
export const address = (...schemes: string[]) =>
  makeValidator<string>((input) => {
    const url = URL.canParse(input) ? new URL(input) : null
    if (!url || !schemes.includes(url.protocol))
      return refuse(
        `must be an address that begins with ${schemes.map((scheme) => `${scheme}//`).join(' or ')}`,
      )
    if (url.username || url.password)
      return refuse('must not contain credentials; set the variables of the access key')
    return url.search || url.hash ? refuse('must not contain ? or #') : input
  })

/** Names that no bucket can have although their characters are allowed: AWS reserves them, or they are addresses. */
const RESERVED_BUCKET = /^(?:xn--|sthree-|amzn-s3-demo-)|\.amazonaws\.com$|^\d{1,3}(?:\.\d{1,3}){3}$/

/**
 * Parses the name of a bucket (https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html). Some other
 * stores allow `_` too.
 */
export const bucketName = makeValidator<string>((input) => {
  if (/^arn:/i.test(input)) return refuse('must be the name of a bucket, not an ARN')
  if (input.includes('://'))
    return refuse('must be the name of a bucket, not an address; S3_ENDPOINT is the address of the store')
  if (input.includes('/'))
    return refuse('must be the name of a bucket alone; set S3_PREFIX to the part after the first /')
  const hasValidForm = /^[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]$/.test(input) && !input.includes('..')
  return hasValidForm && !RESERVED_BUCKET.test(input)
    ? input
    : refuse(
        'must be the name of a bucket: 3 to 63 lower-case letters, digits, - and single dots, with a letter or digit at both ends; no IP address or host name',
      )
})

/** Parses the prefix of all object keys, which consists of whole segments. Returns it with a `/` at the end. */
export const objectPrefix = makeValidator<string>((input) => {
  const segments = input.replace(/\/$/, '').split('/')
  return input.length <= MAX_PREFIX_LENGTH && segments.every(isSafeSegment)
    ? `${segments.join('/')}/`
    : refuse(
        `must be segments of letters, digits and !_.*'()- with / between them, at most ${MAX_PREFIX_LENGTH} characters`,
      )
})

/** Most characters of `S3_PREFIX`. A key has at most 1,024 bytes in S3, including the prefix. */
const MAX_PREFIX_LENGTH = 400

/** Allows only characters that are safe in a key: https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html */
const isSafeSegment = (segment: string) => /^[\w!.*'()-]+$/.test(segment) && !/^\.+$/.test(segment)

/** Parses comma-separated web origins and patterns of origins, or `*` for every origin. */
export const origins = makeExactValidator<string[]>((input) => {
  const list = split(input)
  return (list.length === 1 && list[0] === '*') || list.every((origin) => parseOrigin(origin) !== null)
    ? list
    : refuse(
        'must be * or origins such as https://app.example.org or https://*.example.org, comma-separated, without a path',
      )
})

/** Parses the number or the addresses of the proxies in front of the service ("trust proxy" of Express). */
export const proxies = makeExactValidator<number | string[]>((input) => {
  if (/^\d{1,3}$/.test(input)) return Number(input)
  const list = split(input)
  return list.length > 0 && list.every(isProxy)
    ? list
    : refuse('must be a number of proxies, or IP addresses, networks, loopback, linklocal or uniquelocal')
})

function isProxy(proxy: string): boolean {
  try {
    proxyAddr.compile(proxy)
    return true
  } catch (error) {
    if (error instanceof TypeError) return false
    throw error
  }
}

function split(input: string): string[] {
  return input
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
}
