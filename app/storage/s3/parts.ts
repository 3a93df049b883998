import type { Readable } from 'node:stream'
import {
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import type { ObjectAddress } from './client.ts'

/** Media type of every object in the bucket. The service sets the real one when it sends the object. */
export const OBJECT_TYPE = 'application/octet-stream'
/** Parts of one upload that are sent at the same time. */
export const CONCURRENT_PARTS = 2
/** Size of the first buffer of an upload in bytes; most objects fit into it. */
const FIRST_BUFFER_BYTES = 64 * 1024
/** Unused buffers kept for reuse: the parts of four uploads. */
const MAX_SPARE_BUFFERS = 8

/**
 * Sends a body of any length: in one request if it fits into one part, otherwise as a multipart upload. Does what
 * lib-storage does, but reuses its buffers, so that memory stays small.
 */
export async function sendInParts(
  client: S3Client,
  address: ObjectAddress,
  body: Readable,
  partBytes: number,
): Promise<void> {
  const sender = new PartSender(client, address, partBytes)
  try {
    for await (const chunk of body) await sender.add(chunk)
    await sender.end()
  } finally {
    await sender.settled()
  }
}

class PartSender {
  readonly #sent: CompletedPart[] = []
  readonly #sending = new Set<Promise<void>>()
  #buffer: Buffer = Buffer.alloc(FIRST_BUFFER_BYTES)
  #filled = 0
  #nextNumber = 1
  #uploadId: string | undefined

  constructor(
    private readonly client: S3Client,
    private readonly address: ObjectAddress,
    private readonly partBytes: number,
  ) {}

  /** Adds a chunk. Sends a full part only when more bytes follow: a body of one part needs no multipart upload. */
  async add(chunk: Buffer): Promise<void> {
    for (let taken = 0; taken < chunk.length; ) {
      if (this.#filled === this.partBytes) await this.#sendFullPart()
      else if (this.#filled === this.#buffer.length) this.#grow()
      const copied = chunk.copy(this.#buffer, this.#filled, taken)
      this.#filled += copied
      taken += copied
    }
  }

  /** Sends the last part and completes the object. */
  async end(): Promise<void> {
    if (!this.#uploadId) {
      const Body = this.#buffer.subarray(0, this.#filled)
      await this.client.send(new PutObjectCommand({ ...this.address, ContentType: OBJECT_TYPE, Body }))
      if (this.#buffer.length === this.partBytes) returnBuffer(this.#buffer)
      return
    }
    this.#send(this.#uploadId)
    await Promise.all(this.#sending)
    const Parts = this.#sent.sort((one, other) => Number(one.PartNumber) - Number(other.PartNumber))
    const upload = { ...this.address, UploadId: this.#uploadId, MultipartUpload: { Parts } }
    await this.client.send(new CompleteMultipartUploadCommand(upload))
  }

  /** Resolves when no part is being sent any more. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#sending)
  }

  /** Replaces the first, small buffer by one of the size of a part. */
  #grow(): void {
    const larger = takeBuffer(this.partBytes)
    this.#buffer.copy(larger)
    this.#buffer = larger
  }

  /** Sends the full buffer as a part and takes another buffer. */
  async #sendFullPart(): Promise<void> {
    this.#uploadId ??= await this.#create()
    this.#send(this.#uploadId)
    while (this.#sending.size >= CONCURRENT_PARTS) await Promise.race(this.#sending)
    this.#buffer = takeBuffer(this.partBytes)
    this.#filled = 0
  }

  async #create(): Promise<string> {
    const checksums = await this.client.config.requestChecksumCalculation()
    const algorithm = checksums === 'WHEN_SUPPORTED' && { ChecksumAlgorithm: 'CRC32' as const }
    const create = new CreateMultipartUploadCommand({
      ...this.address,
      ContentType: OBJECT_TYPE,
      ...algorithm,
    })
    const { UploadId } = await this.client.send(create)
    if (!UploadId) throw new Error('the bucket began a multipart upload without an id')
    return UploadId
  }

  #send(UploadId: string): void {
    const buffer = this.#buffer
    const PartNumber = this.#nextNumber++
    const Body = buffer.subarray(0, this.#filled)
    const send = async () => {
      const part = new UploadPartCommand({ ...this.address, UploadId, PartNumber, Body })
      const { ETag, ChecksumCRC32 } = await this.client.send(part)
      this.#sent.push({ PartNumber, ETag, ...(ChecksumCRC32 && { ChecksumCRC32 }) })
      returnBuffer(buffer)
    }
    const sending = send()
    this.#sending.add(sending)
    sending.then(
      () => this.#sending.delete(sending),
      () => undefined,
    )
  }
}

const spareBuffers: Buffer[] = []

/** Returns a buffer of this size, a used one if possible. Its content is undefined. */
function takeBuffer(bytes: number): Buffer {
  const index = spareBuffers.findIndex(({ length }) => length === bytes)
  const [found] = index < 0 ? [] : spareBuffers.splice(index, 1)
  return found ?? Buffer.allocUnsafeSlow(bytes)
}

/**
 * Keeps a buffer for the next part. Without reuse, up to 100 MB of old buffers collect before the garbage collector
 * searches the old generation. Call it only when nothing reads the buffer any more.
 */
function returnBuffer(buffer: Buffer): void {
  if (spareBuffers.length < MAX_SPARE_BUFFERS) spareBuffers.push(buffer)
}
