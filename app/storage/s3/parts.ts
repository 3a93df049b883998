import type { Readable } from 'node:stream'
import {
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3'
import { giveBack, takeBuffer } from '../part-buffers.ts'

/** What a browser may make of an object is told when it is read. */
export const OBJECT_TYPE = 'application/octet-stream'
const PARTS_AT_ONCE = 2
/** Of the buffer that an object begins with: most are small. */
const FIRST_BYTES = 64 * 1024

interface Place {
  Bucket: string
  Key: string
}

/**
 * Sends a body of any length as an object: in one request if it fits into a part, else in parts, two at a time.
 * As lib-storage does, but with buffers that are used again.
 */
export async function sendInParts(
  client: S3Client,
  place: Place,
  body: Readable,
  partBytes: number,
): Promise<void> {
  const parts = new Parts(client, place, partBytes)
  try {
    for await (const chunk of body) await parts.add(chunk)
    await parts.end()
  } finally {
    await parts.settled()
  }
}

class Parts {
  readonly #sent: CompletedPart[] = []
  readonly #sending = new Set<Promise<void>>()
  #buffer: Buffer = Buffer.alloc(FIRST_BYTES)
  #filled = 0
  #number = 1
  #uploadId: string | undefined

  constructor(
    private readonly client: S3Client,
    private readonly place: Place,
    private readonly partBytes: number,
  ) {}

  /** A part is sent when there is more: what is one part in all goes in one request. */
  async add(chunk: Buffer): Promise<void> {
    for (let taken = 0; taken < chunk.length; ) {
      if (this.#filled === this.partBytes) await this.#turn()
      else if (this.#filled === this.#buffer.length) this.#grow()
      const copied = chunk.copy(this.#buffer, this.#filled, taken)
      this.#filled += copied
      taken += copied
    }
  }

  async end(): Promise<void> {
    if (!this.#uploadId) {
      const Body = this.#buffer.subarray(0, this.#filled)
      await this.client.send(new PutObjectCommand({ ...this.place, ContentType: OBJECT_TYPE, Body }))
      if (this.#buffer.length === this.partBytes) giveBack(this.#buffer)
      return
    }
    this.#send(this.#uploadId)
    await Promise.all(this.#sending)
    const Parts = this.#sent.sort((one, other) => Number(one.PartNumber) - Number(other.PartNumber))
    const upload = { ...this.place, UploadId: this.#uploadId, MultipartUpload: { Parts } }
    await this.client.send(new CompleteMultipartUploadCommand(upload))
  }

  /** Resolves when nothing is on its way any more. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#sending)
  }

  #grow(): void {
    const larger = takeBuffer(this.partBytes)
    this.#buffer.copy(larger)
    this.#buffer = larger
  }

  /** Sends the buffer and takes another. */
  async #turn(): Promise<void> {
    this.#uploadId ??= await this.#begin()
    this.#send(this.#uploadId)
    while (this.#sending.size >= PARTS_AT_ONCE) await Promise.race(this.#sending)
    this.#buffer = takeBuffer(this.partBytes)
    this.#filled = 0
  }

  async #begin(): Promise<string> {
    const checksums = await this.client.config.requestChecksumCalculation()
    const algorithm = checksums === 'WHEN_SUPPORTED' && { ChecksumAlgorithm: 'CRC32' as const }
    const create = new CreateMultipartUploadCommand({ ...this.place, ContentType: OBJECT_TYPE, ...algorithm })
    const { UploadId } = await this.client.send(create)
    if (!UploadId) throw new Error('the bucket began an upload and gave no id')
    return UploadId
  }

  #send(UploadId: string): void {
    const buffer = this.#buffer
    const PartNumber = this.#number++
    const Body = buffer.subarray(0, this.#filled)
    const send = async () => {
      const part = new UploadPartCommand({ ...this.place, UploadId, PartNumber, Body })
      const { ETag, ChecksumCRC32 } = await this.client.send(part)
      this.#sent.push({ PartNumber, ETag, ...(ChecksumCRC32 && { ChecksumCRC32 }) })
      giveBack(buffer)
    }
    const sending = send()
    this.#sending.add(sending)
    sending.then(
      () => this.#sending.delete(sending),
      () => undefined,
    )
  }
}
