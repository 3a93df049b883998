import { extname } from 'node:path'
import type { Types } from 'mongoose'
import type { AssetFields } from '../../models/asset.ts'
import { readableAssets, type Viewer } from '../../models/asset-access.ts'
import type { ListedAsset } from '../../models/asset-page.ts'
import { Project, type ProjectFields, referencesOf, type Scene } from '../../models/project.ts'
import type { UserFields } from '../../models/user.ts'
import { serializeOwnUser } from '../../models/views/user.ts'
import { signUrl } from '../assets/signed-url.ts'
import type { Context } from '../context.ts'

/** Number of projects in the answer for a user. `/api/projects` lists all. */
export const SHOWN_PROJECTS = 100

/** A viewer who can get signed URLs. */
type SigningViewer = NonNullable<Viewer> & Pick<UserFields, 'sessionEpoch'>

type Signer = Pick<Context, 'urls' | 'clock' | 'config'>

/**
 * Serializes an asset of a scene for the earlier scene editor. `url` is a signed URL, valid for one hour. `localPath` is
 * a path on the device of the owner, so that other users get an empty one.
 */
export function serializeSceneAsset(
  context: Signer,
  asset: ListedAsset & Pick<AssetFields, 'localPath'>,
  viewer: SigningViewer,
) {
  const baseId = asset._id.toString()
  const { name = asset.name } = asset.files[0] ?? {}
  const extension = extname(name)
  return {
    baseId,
    originalName: name,
    originalExtn: extension.slice(1),
    fileName: `${baseId}${extension}`,
    localPath: (asset.owner.equals(viewer._id) && asset.localPath) || '',
    url: signUrl(context, asset, viewer).url,
  }
}

/**
 * Serializes a user with their projects for the earlier scene editor, which expects texts in place of null. The first
 * project is the one of uploads without `projectId`; the others are the newest first.
 */
export async function serializeEditorUser(context: Signer, account: UserFields, viewer: SigningViewer) {
  const user = serializeOwnUser(account, context.config.space.quota)
  return {
    ...user,
    name: user.name ?? 'User',
    firstName: user.firstName ?? 'User',
    lastName: user.lastName ?? '',
    profilePhoto: user.profilePhoto ?? '',
    projects: await serializeProjects(context, await projectsOf(viewer), viewer),
  }
}

/** Returns the project of uploads without `projectId`: the oldest one with room, or else the oldest. */
const projectOfUploads = async (owner: Types.ObjectId) =>
  (await Project.oldestWithRoom(owner)) ?? (await Project.oldestOf(owner))

async function projectsOf(viewer: SigningViewer): Promise<ProjectFields[]> {
  const [first, { projects }] = await Promise.all([
    projectOfUploads(viewer._id),
    Project.listFor(viewer, { limit: SHOWN_PROJECTS, from: undefined }),
  ])
  if (!first) return projects
  const others = projects.filter(({ _id }) => !_id.equals(first._id))
  return [first, ...others.slice(0, SHOWN_PROJECTS - 1)]
}

/** Serializes projects. Leaves out assets that the viewer cannot read. */
async function serializeProjects(context: Signer, projects: ProjectFields[], viewer: SigningViewer) {
  const ids = projects.flatMap(referencesOf)
  const found = ids.length > 0 ? await readableAssets(ids, viewer) : []
  const serialized = new Map(
    found.map((asset) => [asset._id.toString(), serializeSceneAsset(context, asset, viewer)] as const),
  )
  const list = (references: Scene['base']) => references.flatMap((id) => serialized.get(id.toString()) ?? [])
  return projects.map(({ _id, title, image, scenes }) => ({
    id: _id.toString(),
    title,
    image: serialized.get(String(image))?.url ?? '',
    scenes: scenes.map(({ id, base, overlay, overlayImage, baseImage }) => ({
      id,
      base: list(base).map(({ fileName: _only, ...asset }) => asset),
      overlay: list(overlay),
      overlayImage: list(overlayImage),
      baseImage: list(baseImage),
    })),
  }))
}
