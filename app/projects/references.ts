import { Types } from 'mongoose'
import { Asset, type AssetFields } from '../../models/asset.ts'
import { readableIds, type Viewer } from '../../models/asset-access.ts'
import { isId } from '../../models/ids.ts'
import { Project, type Scene } from '../../models/project.ts'
import { conflict, validationFailed } from '../errors.ts'

/**
 * Ids that a client wrote, as references.
 *
 * @param fields ids by the field they stood in
 * @throws `validation_failed` naming each field with an asset that the viewer may not read
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
    throw validationFailed(wrong.map(([field]) => ({ field, message: 'names an asset that is not there' })))
  const resolved = given.map(([field, ids]) => [field, ids.map((id) => new Types.ObjectId(id))])
  return Object.fromEntries(resolved)
}

/** New references may have missed the deletion of their asset, which takes out only what it finds. */
export async function removeDeletedReferences(references: Types.ObjectId[]): Promise<void> {
  const ids = await Asset.readyAmong(references)
  for (const id of references) if (!ids.has(id.toString())) await Project.forget(id)
}

/** @throws `conflict` where a project that the viewer may read refers to the asset */
export async function requireUnused(asset: AssetFields, viewer: Viewer): Promise<void> {
  if (await Project.isUsed(asset._id, viewer))
    throw conflict('A scene uses this asset; with force=1 it is taken out of its scenes.')
}

/** A list as its writer has set it; what they cannot see of the old one stays, behind the rest. */
export function keepHidden(
  before: Scene['base'],
  given: Scene['base'],
  readable: ReadonlySet<string>,
): Scene['base'] {
  const set = new Set(given.map(String))
  return [...given, ...before.filter((id) => !readable.has(id.toString()) && !set.has(id.toString()))]
}
