import { S3ServiceException } from '@aws-sdk/client-s3'
import { remedyFor } from './faults.ts'

const CHECKSUMS =
  'This store does not support the checksums that the AWS SDK adds. Set S3_CHECKSUMS=when_required.'
/** Headers and encodings of checksums, which stores name in their error messages. */
const CHECKSUM_HEADERS =
  /x-amz-(?:sdk-)?checksum|x-amz-trailer|aws-?(?:multi)?chunked|STREAMING-(?:UNSIGNED|AWS4)/i

/** Returns what an operator can do about an error of a bucket; undefined if that is not known. */
export function adviceFor(error: unknown): string | undefined {
  if (!(error instanceof S3ServiceException)) return undefined
  return CHECKSUM_HEADERS.test(error.message) ? CHECKSUMS : remedyFor(error)
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
