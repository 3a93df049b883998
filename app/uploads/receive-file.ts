import { randomUUID } from 'node:crypto'
import type { Readable } from 'node:stream'
import type { AssetFile } from '../../models/asset-files.ts'
import { malformedUpload } from '../errors.ts'
import { detectContent } from '../media/detect-content.ts'
import { cleanFileName } from '../media/file-name.ts'
import { Digest, type Hashes, hashesOf } from '../storage/digest.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import { assertDigest } from './content-digest.ts'

/** Number of bytes kept from the beginning of a file, to detect its content type. */
const HEAD_BYTES = 4100
/** Largest announced size in bytes of an upload whose files are collected in memory before they are stored. */
const COLLECTED_BYTES = 128 * 1024

/** A file that a client sends. */
export interface IncomingFile {
  /** The name that the client gave it. */
  name: string
  /** An error of the stream leaves no object in the store. */
  stream: Readable
  /** Called with the size of each chunk after its space is reserved. */
  onBytes?: (bytes: number) => void
  /** The SHA-256 that the bytes must have, in lower-case hex. */
  digest?: string | undefined
}

/** The parts of an upload session that a file needs. */
interface Session {
  /** The largest possible size of the file in bytes; undefined if unknown. */
  announced: number | undefined
  addFile(): Promise<void>
  addBytes(bytes: number): Promise<void>
  nextKey(): string
}

interface Measured {
  size: number
  /** The first bytes, at most `HEAD_BYTES`. */
  head: Buffer
  hashes: Hashes
}

/**
 * Stores one file. Reserves its space, counts and hashes its bytes, and detects its content.
 *
 * @throws checksum_mismatch after the bytes were stored, so that the upload must be undone
 */
export async function receiveFile(
  store: ObjectStore,
  session: Session,
  { name: givenName, stream, onBytes, digest }: IncomingFile,
): Promise<AssetFile> {
  await session.addFile()
  const key = session.nextKey()
  const reserve = async (bytes: number) => {
    await session.addBytes(bytes)
    onBytes?.(bytes)
  }
  const { announced } = session
  const { size, head, hashes } =
    announced !== undefined && announced <= COLLECTED_BYTES
      ? await storeCollected(store, key, await collect(stream, announced, reserve))
      : await storeStream(store, key, { stream, maxBytes: announced, reserve })
  assertDigest(hashes.sha256, digest)
  const name = cleanFileName(givenName)
  return { id: randomUUID(), key, name, size, ...hashes, ...(await detectContent(name, head, size)) }
}

type Reserve = (bytes: number) => Promise<void>

/** Reads a small file. Copies its chunks, because each can keep a much larger buffer of its connection in memory. */
async function collect(stream: Readable, maxBytes: number, reserve: Reserve): Promise<Buffer> {
  const body = Buffer.allocUnsafe(maxBytes)
  let size = 0
  for await (const chunk of stream) {
    await reserve(chunk.length)
    if (size + chunk.length > maxBytes) throw malformedUpload()
    chunk.copy(body, size)
    size += chunk.length
  }
  return body.subarray(0, size)
}

async function storeCollected(store: ObjectStore, key: string, body: Buffer): Promise<Measured> {
  await store.put(key, body)
  return { size: body.length, head: body.subarray(0, HEAD_BYTES), hashes: hashesOf(body) }
}

/** Stores a file while it arrives, and hashes it at the same time. */
async function storeStream(
  store: ObjectStore,
  key: string,
  { stream, maxBytes, reserve }: { stream: Readable; maxBytes: number | undefined; reserve: Reserve },
): Promise<Measured> {
  const digest = new Digest()
  const head = Buffer.alloc(HEAD_BYTES)
  let headSize = 0
  const onChunk = async (chunk: Buffer) => {
    await reserve(chunk.length)
    headSize += chunk.copy(head, headSize)
    await digest.update(chunk)
  }
  try {
    const { size } = await store.put(key, stream, { maxBytes, onChunk })
    return { size, head: head.subarray(0, headSize), hashes: await digest.end() }
  } catch (error) {
    digest.drop()
    throw error
  }
}
