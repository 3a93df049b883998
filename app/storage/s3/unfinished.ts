import {
  AbortMultipartUploadCommand,
  ListMultipartUploadsCommand,
  type MultipartUpload,
  type S3Client,
} from '@aws-sdk/client-s3'
import { isNotOffered, s3Code } from './client.ts'

/** Selects the multipart uploads of a list or an abort. */
interface Unfinished {
  prefix: string
  /** Only uploads begun before this time. */
  before?: Date | undefined
  abortSignal?: AbortSignal
}

/**
 * Lists the multipart uploads under a prefix. The list is empty if the bucket does not offer it; with `strict`, the refusal
 * is an error.
 */
export async function* listUnfinished(
  client: S3Client,
  bucket: string,
  { prefix, strict = false, ...options }: Omit<Unfinished, 'before'> & { strict?: boolean },
): AsyncGenerator<MultipartUpload> {
  let position: { KeyMarker?: string | undefined; UploadIdMarker?: string | undefined } = {}
  for (;;) {
    const command = new ListMultipartUploadsCommand({ Bucket: bucket, Prefix: prefix, ...position })
    const page = await client.send(command, options).catch((error: unknown) => {
      if (strict || !isNotOffered(error)) throw error
      return null
    })
    if (!page) return
    yield* page.Uploads ?? []
    if (!page.IsTruncated) return
    position = { KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker }
  }
}

/** Aborts the multipart uploads under a prefix. Returns their number. */
export async function abortUnfinished(
  client: S3Client,
  bucket: string,
  { before, ...unfinished }: Unfinished,
): Promise<number> {
  const { prefix, ...options } = unfinished
  let aborted = 0
  for await (const { Key, UploadId, Initiated } of listUnfinished(client, bucket, unfinished)) {
    if (before && Initiated && Initiated >= before) continue
    try {
      await client.send(new AbortMultipartUploadCommand({ Bucket: bucket, Key, UploadId }), options)
      aborted++
    } catch (error) {
      // completed or aborted since it was listed
      if (s3Code(error) !== 'NoSuchUpload') throw error
    }
  }
  return aborted
}
