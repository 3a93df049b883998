import { createHash } from 'node:crypto'
import type { AssetContext } from '../../../app/context.ts'
import { describeFinding } from '../../../app/maintenance/finding.ts'
import { checkStorage } from '../../../app/maintenance/integrity-check.ts'
import { sweep } from '../../../app/maintenance/sweep.ts'
import { Asset } from '../../../models/asset.ts'
import { picturesOf } from '../../../models/asset-objects.ts'
import { Capacity, SERVER } from '../../../models/capacity.ts'
import { readAllWhole, readWhole, type Whole } from '../../../models/file-set.ts'
import { IdempotencyKey } from '../../../models/idempotency-key.ts'
import type { Space } from '../../../models/plugins/space.ts'
import { User } from '../../../models/user.ts'
import { keysOf, runningUploads, storedBytes } from '../app/state.ts'
import type { KillClient } from './clients.ts'

/**
 * Sweeps after the last kill, then returns the errors: acknowledged changes that are lost, differences between store
 * and documents, wrong ledgers.
 */
export async function verify(given: AssetContext, clients: KillClient[]): Promise<string[]> {
  // No process runs any more, so every unfinished upload is stale.
  const context = { ...given, staleMs: -1 }
  await sweep(context)
  const faults: string[] = []
  for await (const { finding } of checkStorage(context, { fix: false, graceMs: -1 }))
    faults.push(describeFinding(finding))
  faults.push(...(await compareObjects(context)), ...(await compareSums(context)))
  if ((await runningUploads()).length > 0) faults.push('an upload is still recorded')
  if (await User.exists({ deleting: true })) faults.push('an account is still being deleted')
  if (await Asset.exists({ state: { $ne: 'ready' }, fencedAt: null }))
    faults.push('an asset is half made or half removed')
  for (const client of clients) faults.push(...(await verifyClient(context, client)))
  return faults
}

const contentOf = (asset: Whole) => [...asset.allFiles, ...picturesOf(asset)]

async function compareObjects(context: AssetContext): Promise<string[]> {
  const stored = new Set(await keysOf(context))
  const named = new Set<string>()
  for await (const asset of readAllWhole(Asset.find().lean().cursor()))
    for (const { key } of contentOf(asset)) named.add(key)
  return [
    ...[...stored].filter((key) => !named.has(key)).map((key) => `no document names object ${key}`),
    ...[...named].filter((key) => !stored.has(key)).map((key) => `object ${key} is missing`),
  ]
}

async function compareSums(context: AssetContext): Promise<string[]> {
  const users = await User.find().lean()
  const accounts: [string, Space | null, string][] = [
    ...users.map(({ username, space, location }): (typeof accounts)[number] => [
      username,
      space,
      `${location}/`,
    ]),
    ['the server', await Capacity.spaceOf(SERVER), ''],
  ]
  const faults: string[] = []
  for (const [whose, space, prefix] of accounts) {
    const stored = await storedBytes(context, prefix)
    if (space?.used !== stored || space.reserved !== 0)
      faults.push(`${whose}: ${stored} bytes stored, ${space?.used} used, ${space?.reserved} reserved`)
  }
  return faults
}

async function verifyClient({ store }: AssetContext, client: KillClient): Promise<string[]> {
  const faults: string[] = []
  for (const [id, { digests, images }] of client.promised) {
    const asset = await readWhole(() => Asset.findOne({ _id: id, state: 'ready' }).lean().exec())
    if (!asset) {
      faults.push(`acknowledged asset ${id} is missing`)
      continue
    }
    if (!asset.allFiles.every(({ sha256 }) => digests.has(sha256)))
      faults.push(`asset ${id} has other content than was sent`)
    if (asset.images.length < images) faults.push(`asset ${id} lacks an image`)
    for (const { key, sha256 } of contentOf(asset)) {
      const hash = createHash('sha256')
      for await (const chunk of await store.open(key)) hash.update(chunk)
      if (hash.digest('hex') !== sha256) faults.push(`object ${key} of asset ${id} has a wrong checksum`)
    }
  }
  for (const [key, id] of client.keyed) {
    const assets = await Asset.find({ name: key, state: 'ready' }).lean()
    if (assets.length > 1) faults.push(`${assets.length} assets were created with the key ${key}`)
    const stored = await IdempotencyKey.findOne({ _id: new RegExp(`:${key}$`) }).lean()
    if (id && (stored?.asset.toString() !== id || stored.answer === null))
      faults.push(`the key ${key} does not have the answer for asset ${id}`)
  }
  for (const id of client.deleted)
    if (await Asset.exists({ _id: id })) faults.push(`deleted asset ${id} is there`)
  for (const username of client.gone)
    if (await User.findByName(username)) faults.push(`deleted account ${username} is there`)
  return faults
}
