import type { Types } from 'mongoose'
import {
  bytesOf,
  type Counted,
  countedAssets,
  pendingDeletionOf,
  picturesOf,
  removalsByOwner,
  sumsOfFiles,
  unsettledOf,
} from '../../models/asset-objects.ts'
import { isSettled } from '../../models/plugins/settled-removals.ts'
import { entriesOf, type Settlement, type Space, withLists } from '../../models/plugins/space.ts'
import { earlierAssets } from '../../models/upload.ts'
import { User } from '../../models/user.ts'
import { eachUser } from '../../models/user-state.ts'

/**
 * Computes the usage of a user from the assets: the objects they name, minus unsettled uploads, plus unsettled
 * removals. Settling changes the revision of the ledger, so assets can be read one after another: while the revision
 * stays the same, the result is consistent.
 */
export async function actualUsageOfUser(owner: Types.ObjectId, space: Space): Promise<Settlement> {
  const sum = { bytes: 0, files: 0 }
  for await (const asset of countedAssets(owner)) add(sum, countAsset(asset, space))
  return sum
}

function countAsset(asset: Counted, space: Space): Settlement {
  const sum = sumsOfFiles(asset)
  sum.bytes += bytesOf(picturesOf(asset))
  for (const entry of asset.unsettled) if (isOpen(space, entry)) add(sum, entry, -1)
  for (const removal of pendingDeletionOf(asset)) if (!isSettled(space, removal.id)) add(sum, removal)
  return sum
}

/** An upload that is open in a user's ledger, and the revision of that ledger. */
interface OpenUpload {
  user: Types.ObjectId
  asset: Types.ObjectId | undefined
  revision: number
}

/**
 * Computes the usage of the server: the sum of the users' usage, corrected by what only one of the two ledgers has
 * counted yet. The result is consistent while the revision of the server's ledger stays the same. Removals are read
 * before the users: a removal that a user's ledger has not counted is then among them.
 *
 * @returns null when a user's ledger changed meanwhile, so that the usage could not be computed
 */
export async function actualUsageOfServer(server: Space): Promise<Settlement | null> {
  const removals = await removalsByOwner()
  const openUploads = new Map<string, OpenUpload>()
  const sum = { bytes: 0, files: 0 }
  for await (const user of eachUser('space')) {
    const { _id } = user
    const space = withLists(user.space)
    add(sum, { bytes: space.used, files: space.files })
    for (const removal of removals.get(_id.toString()) ?? [])
      add(sum, removal, Number(isSettled(space, removal.id)) - Number(isSettled(server, removal.id)))
    for (const { id, asset } of entriesOf(space))
      openUploads.set(id, { user: _id, asset, revision: space.revision })
  }
  const earlier = await earlierAssets([...server.open.map(({ id }) => id), ...openUploads.keys()])
  const assets = [...openUploads.values()].flatMap(({ asset }) => asset ?? [])
  for (const entry of await unsettledOf([...assets, ...earlier.values()]))
    add(sum, entry, Number(!isOpen(server, entry)) - Number(!openUploads.has(entry.id)))
  return (await isAnyChanged([...openUploads.values()])) ? null : sum
}

async function isAnyChanged(uploads: OpenUpload[]): Promise<boolean> {
  const revisions = new Map(uploads.map(({ user, revision }) => [user.toString(), revision]))
  for (const [user, revision] of revisions) if ((await User.spaceOf(user))?.revision !== revision) return true
  return false
}

const isOpen = (space: Space, { id }: { id: string }) => entriesOf(space).some((entry) => entry.id === id)

function add(sum: Settlement, { bytes, files }: Settlement, times = 1): void {
  sum.bytes += times * bytes
  sum.files += times * files
}
