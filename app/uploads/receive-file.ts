import { randomUUID } from 'node:crypto'
import { pipeline, type Readable } from 'node:stream'
import type { AssetFile } from '../../models/asset.ts'
import { detectContent } from '../media/detect-content.ts'
import { cleanFileName } from '../media/file-name.ts'
import { Meter } from '../storage/meter.ts'
import type { ObjectStore } from '../storage/object-store.ts'

/** A file that a client sends. */
export interface IncomingFile {
  /** The name that the client gave it. */
  name: string
  /** An error of the stream leaves no object in the store. */
  stream: Readable
  /** Called with the size of each chunk after its space is reserved. */
  onBytes?: (bytes: number) => void
}

/** The parts of an upload session that a file needs. */
interface Session {
  /** The largest possible size of the file in bytes; undefined if unknown. */
  announced: number | undefined
  addFile(): Promise<void>
  addBytes(bytes: number): Promise<void>
  nextKey(): string
}

/** Streams one file into the store. Reserves its space, counts and hashes its bytes, and detects its content. */
export async function receiveFile(
  store: ObjectStore,
  session: Session,
  { name: givenName, stream, onBytes }: IncomingFile,
): Promise<AssetFile> {
  await session.addFile()
  const key = session.nextKey()
  const take = async (bytes: number) => {
    await session.addBytes(bytes)
    onBytes?.(bytes)
  }
  const meter = new Meter({ take })
  const metered = pipeline(stream, meter, () => undefined)
  await store.put(key, metered, { maxBytes: session.announced })
  const name = cleanFileName(givenName)
  const { size, sha256, head } = meter
  return { id: randomUUID(), key, name, size, sha256, ...(await detectContent(name, head, size)) }
}
