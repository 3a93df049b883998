import { S3ServiceException } from '@aws-sdk/client-s3'
import { AppError, unavailable } from '../../errors.ts'

/** The S3 error code of a refusal, else undefined. https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html */
export const s3Code = (error: unknown): string | undefined =>
  error instanceof S3ServiceException ? error.name : undefined

const isAbort = (error: unknown) => error instanceof Error && error.name === 'AbortError'
const isOurFault = (error: unknown) => error instanceof TypeError && !('$metadata' in error)

/**
 * What a request to the bucket threw, as the `unavailable` of the API with its cause: no connection, a time-out,
 * 5xx, SlowDown, and refusals of any kind too, for nothing in these requests is the caller's but the bytes.
 * An abort by the caller and a fault of our own code stay as they are.
 */
export const translateS3Error = (error: unknown): unknown =>
  error instanceof AppError || isAbort(error) || isOurFault(error) ? error : unavailable(error)

/** For `promise.catch`. */
export function refuse(error: unknown): never {
  throw translateS3Error(error)
}
