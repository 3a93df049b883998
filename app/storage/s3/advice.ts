import { S3ServiceException } from '@aws-sdk/client-s3'

const CHECKSUMS =
  'This store does not support the checksums that the AWS SDK adds. Set S3_CHECKSUMS=when_required.'
const CREDENTIALS = 'Check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.'
const REGION = 'The bucket is in another region. Check AWS_REGION and S3_ENDPOINT.'
const RIGHTS =
  'The key lacks a right, or the bucket another setting. `npm run storage:doctor` prints the policy that the key needs.'

/** What to do about errors of a bucket, by error code. */
const BY_CODE: Readonly<Record<string, string>> = {
  XAmzContentSHA256Mismatch: CHECKSUMS,
  SignatureDoesNotMatch: `${CREDENTIALS} Google Cloud Storage answers this to checksums too: S3_CHECKSUMS=when_required.`,
  InvalidAccessKeyId: CREDENTIALS,
  InvalidToken: CREDENTIALS,
  ExpiredToken: CREDENTIALS,
  SecondLevelDomainForbidden: 'This store needs the bucket in the host name. Set S3_FORCE_PATH_STYLE=false.',
  PermanentRedirect: REGION,
  TemporaryRedirect: REGION,
  AuthorizationHeaderMalformed: REGION,
  IllegalLocationConstraintException: REGION,
  NoSuchBucket: 'There is no such bucket. Check S3_BUCKET and S3_ENDPOINT.',
  RequestTimeTooSkewed: 'The clock of this machine is wrong.',
  AccessDenied: RIGHTS,
}

/** Headers and encodings of checksums, which stores name in their error messages. */
const CHECKSUM_HEADERS =
  /x-amz-(?:sdk-)?checksum|x-amz-trailer|aws-?(?:multi)?chunked|STREAMING-(?:UNSIGNED|AWS4)/i

/** Returns what an operator can do about an error of a bucket; undefined if that is not known. */
export function adviceFor(error: unknown): string | undefined {
  if (!(error instanceof S3ServiceException)) return undefined
  return CHECKSUM_HEADERS.test(error.message) ? CHECKSUMS : BY_CODE[error.name]
}

/** Returns the code and the message of an error as a sentence. A store that sends no message has an `UnknownError`. */
export function describeError({ name, message }: Error): string {
  const text = message === 'UnknownError' ? name : `${name}: ${message}`
  return `${text.replace(/\.$/, '')}.`
}

/** Returns an error with the code and the advice in its message and the given error as its cause, or the given error. */
export function withAdvice(error: unknown): unknown {
  const advice = adviceFor(error)
  if (advice === undefined || !(error instanceof Error)) return error
  const advised = new Error(`${describeError(error)} ${advice}`, { cause: error })
  advised.name = error.name
  return advised
}
