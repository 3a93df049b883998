import { Asset, type AssetFields } from '../../models/asset.ts'
import type { Viewer } from '../../models/asset-access.ts'
import type { AssetFile } from '../../models/asset-files.ts'
import { keepChecksums } from '../../models/asset-objects.ts'
import type { Whole } from '../../models/file-set.ts'
import type { ClientInfo } from '../auth/client-info.ts'
import { within } from '../clock.ts'
import type { Context } from '../context.ts'
import { overloaded } from '../errors.ts'
import { callerKey } from '../queues/queues.ts'
import { Digest } from '../storage/digest.ts'
import type { ObjectStore } from '../storage/object-store.ts'

/**
 * Longest wait of a request until the files are read, in milliseconds. A proxy gives up when no answer begins within 30 or
 * 60 seconds, and no byte of a zip can be sent without the CRC-32 of its first file.
 */
const WAIT_MS = 25_000

/**
 * Returns the CRC-32 of all files of an asset by their keys. Files of earlier releases have none: they are read in a fair
 * queue, in which each client takes turns, and their CRC-32 is stored. When a client disconnects or has waited too long
 * while its files are read, reading goes on, so that a repeated request of a large asset finds it done.
 *
 * @throws unavailable when too many assets wait, or this one takes too long
 * @throws client_closed when the client disconnects before its turn
 */
export async function checksumsOf(
  context: Pick<Context, 'store' | 'queues' | 'stopping'>,
  asset: Whole,
  viewer: Viewer,
  client: ClientInfo,
  waitMs = WAIT_MS,
): Promise<ReadonlyMap<string, number>> {
  const checksums = knownChecksums(asset.allFiles)
  if (checksums.size === asset.allFiles.length) return checksums
  const read = () => readMissing(context, asset)
  const reading = context.queues.checksums.run(callerKey(viewer, client), read, client.signal)
  if (!(await within(waitMs, reading)))
    throw overloaded('The zip of these older files is being prepared; try again later.')
  return reading
}

/** Reads the files without a CRC-32. Stores what was read, even when a file cannot be read or the process stops. */
async function readMissing(
  { store, stopping }: Pick<Context, 'store' | 'stopping'>,
  asset: Whole,
): Promise<ReadonlyMap<string, number>> {
  // another request can have read the same files meanwhile
  const current: AssetFields = (await Asset.byId(asset._id)) ?? asset
  const checksums = knownChecksums([...current.files, ...asset.allFiles])
  const known = checksums.size
  try {
    for (const file of asset.allFiles)
      if (!checksums.has(file.key)) checksums.set(file.key, await readChecksum(store, file, stopping))
  } finally {
    if (checksums.size > known) await keepChecksums(current, checksums)
  }
  return checksums
}

const knownChecksums = (files: readonly AssetFile[]) =>
  new Map(files.flatMap(({ key, crc32 }) => (crc32 === undefined ? [] : [[key, crc32] as const])))

async function readChecksum(
  store: ObjectStore,
  { key, sha256 }: AssetFile,
  signal: AbortSignal,
): Promise<number> {
  const digest = new Digest()
  try {
    for await (const chunk of await store.open(key, undefined, signal)) await digest.update(chunk)
    const hashes = await digest.end()
    if (hashes.sha256 !== sha256) throw new Error(`the object ${key} is not the file that was uploaded`)
    return hashes.crc32
  } catch (error) {
    digest.drop()
    throw error
  }
}
