import { Types } from 'mongoose'
import { Asset, type AssetFields } from '../../models/asset.ts'
import { readableIds, type Viewer } from '../../models/asset-access.ts'
import { isId } from '../../models/ids.ts'
import { Project, type Scene } from '../../models/project.ts'
import { conflict, validationFailed } from '../errors.ts'

/**
 * Converts ids from a client to references.
 *
 * @param fields the ids by the name of their field
 * @throws `validation_failed` that names each field with an asset that the viewer cannot read
 */
export async function resolveReferences<Field extends string>(
  fields: Partial<Record<Field, string[]>>,
  viewer: Viewer,
): Promise<Partial<Record<Field, Types.ObjectId[]>>> {
  const given = Object.entries(fields) as [Field, string[]][]
  const valid = given.flatMap(([, ids]) => ids.filter(isId))
  const readable = await readableIds(
    valid.map((id) => new Types.ObjectId(id)),
    viewer,
  )
  const wrong = given.filter(([, ids]) => ids.some((id) => !readable.has(id)))
  if (wrong.length > 0)
    throw validationFailed(wrong.map(([field]) => ({ field, message: 'names an asset that does not exist' })))
  const resolved = given.map(([field, ids]) => [field, ids.map((id) => new Types.ObjectId(id))])
  return Object.fromEntries(resolved)
}

/**
 * Removes references to deleted assets. Call it after references are stored: the deletion of an asset removes only
 * the references that exist at that time.
 */
export async function removeDeletedReferences(references: Types.ObjectId[]): Promise<void> {
  const ids = await Asset.readyAmong(references)
  for (const id of references) if (!ids.has(id.toString())) await Project.forget(id)
}

/**
 * Checks that no project uses an asset.
 *
 * @throws `conflict` when a project that the viewer can read refers to the asset
 */
export async function requireUnused(asset: AssetFields, viewer: Viewer): Promise<void> {
  if (asset.inScenes !== false && (await Project.isUsed(asset._id, viewer)))
    throw conflict('A scene uses this asset. Send force=1 to remove it from its scenes and delete it.')
}

/**
 * Merges the list sent by a collaborator with the entries that they cannot see. Hidden entries keep their order at
 * the end.
 */
export function keepHidden(
  before: Scene['base'],
  given: Scene['base'],
  readable: ReadonlySet<string>,
): Scene['base'] {
  const set = new Set(given.map(String))
  return [...given, ...before.filter((id) => !readable.has(id.toString()) && !set.has(id.toString()))]
}
