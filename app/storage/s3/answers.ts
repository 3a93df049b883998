import type { S3Client } from '@aws-sdk/client-s3'
import { NotS3Answer } from './faults.ts'

/** What the answer to each command must contain. Every S3 store sends it; other servers on the way do not. */
const REQUIRED: Record<string, string> = {
  PutObjectCommand: 'ETag',
  UploadPartCommand: 'ETag',
  CompleteMultipartUploadCommand: 'ETag',
  GetObjectCommand: 'ETag',
  CreateMultipartUploadCommand: 'UploadId',
  ListObjectsV2Command: 'IsTruncated',
  ListMultipartUploadsCommand: 'IsTruncated',
}

interface Answer {
  headers?: Record<string, string>
}

/**
 * Refuses answers with a good status that are not from an S3 store, such as the page of a proxy or of a network that
 * asks for a login. Without this check an upload to such a page counts as stored, and a list of it as empty.
 *
 * @throws NotS3Answer
 */
export function refuseOtherAnswers({ middlewareStack }: S3Client): void {
  middlewareStack.add(
    (next, context) => async (args) => {
      const result = await next(args)
      const { commandName = '' } = context as { commandName?: string }
      const required = REQUIRED[commandName]
      const output = { ...result.output } as Record<string, unknown>
      if (required && output[required] === undefined)
        throw new NotS3Answer(`The answer to ${commandName} has no ${required}.`)
      const { headers = {} } = result.response as Answer
      if (!required && isPage(headers)) throw new NotS3Answer(`The answer to ${commandName} is an HTML page.`)
      return result
    },
    { step: 'deserialize', name: 'refuseOtherAnswers', priority: 'high' },
  )
}

/** Some stores name HTML as the type of an empty answer. */
const isPage = (headers: Record<string, string>) =>
  /^text\/html/i.test(headers['content-type'] ?? '') && headers['content-length'] !== '0'
