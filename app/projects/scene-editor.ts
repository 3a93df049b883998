import { extname } from 'node:path'
import type { AssetFields } from '../../models/asset.ts'
import { readableAssets, type Viewer } from '../../models/asset-access.ts'
import type { AssetFile } from '../../models/asset-files.ts'
import type { ListedAsset } from '../../models/asset-search.ts'
import {
  findProject,
  type ProjectFields,
  referencesOf,
  type Scene,
  type SceneList,
} from '../../models/project.ts'
import type { UserFields } from '../../models/user.ts'
import { createAsset } from '../assets/create.ts'
import { discardAsset } from '../assets/remove.ts'
import { signUrl } from '../assets/signed-url.ts'
import type { Sender } from '../auth/sender.ts'
import type { AssetContext, Context } from '../context.ts'
import { notFound, unsupportedMedia } from '../errors.ts'
import { assertAccess } from '../sharing/assert-access.ts'
import type { ReceivedUpload } from '../uploads/upload-session.ts'
import { createProject } from './projects.ts'
import { addScene, addToScene, emptyScene } from './scenes.ts'

/** A viewer who can get signed URLs. */
type SigningViewer = NonNullable<Viewer> & Pick<UserFields, 'sessionEpoch'>

type Signer = Pick<Context, 'urls' | 'clock'>

/** Serializes an asset of a scene for the earlier scene editor. `localPath` is a signed URL, valid for one hour. */
export function serializeSceneAsset(context: Signer, asset: ListedAsset, viewer: SigningViewer) {
  const { id = '', name = asset.name } = asset.files[0] ?? {}
  const extension = extname(name)
  return {
    baseId: asset._id.toString(),
    originalName: name,
    originalExtn: extension.slice(1),
    fileName: `${id}${extension}`,
    localPath: signUrl(context, asset, viewer).url,
  }
}

/** Serializes projects for the earlier scene editor. Leaves out assets that the viewer cannot read. */
export async function serializeEditorProjects(
  context: Signer,
  projects: ProjectFields[],
  viewer: SigningViewer,
) {
  const ids = projects.flatMap(referencesOf)
  const found = ids.length > 0 ? await readableAssets(ids, viewer) : []
  const serialized = new Map(
    found.map((asset) => [asset._id.toString(), serializeSceneAsset(context, asset, viewer)] as const),
  )
  const list = (references: Scene['base']) => references.flatMap((id) => serialized.get(id.toString()) ?? [])
  return projects.map(({ _id, title, image, scenes }) => ({
    id: _id.toString(),
    title,
    image: serialized.get(String(image))?.localPath ?? null,
    scenes: scenes.map(({ id, base, overlay, overlayImage, baseImage }) => ({
      id,
      base: list(base).map(({ fileName: _only, ...asset }) => asset),
      overlay: list(overlay),
      overlayImage: list(overlayImage),
      baseImage: list(baseImage),
    })),
  }))
}

/** The place of an upload: a new project without `projectId`, a new scene without `sceneId`. */
export interface Place {
  /** The id of a project that the sender can change. */
  projectId?: string | undefined
  sceneId?: string | undefined
  list: SceneList
}

export interface Placed {
  projectId: string
  sceneId: string
  asset: AssetFields
}

/** Files that each list of a scene accepts from an earlier client. */
const ACCEPTS: Record<SceneList, (file: AssetFile) => boolean> = {
  base: ({ media }) => media === 'image',
  baseImage: ({ media, mediaType }) => media === 'image' && mediaType !== 'image/gif',
  overlay: ({ media, mediaType }) => media === 'video' || mediaType === 'image/gif',
  overlayImage: ({ media, mediaType }) => media === 'image' && mediaType !== 'image/gif',
}

/**
 * Creates an asset from an upload and adds it to a scene. Deletes the asset when it cannot be added.
 *
 * @throws `not_found` for a project that the sender cannot read, or a scene that is not in it
 * @throws `forbidden` for a project that the sender can only read
 * @throws `unsupported_media` for a file that the list does not accept
 * @throws `too_large`
 * @throws what `changeProject` throws
 */
export async function placeUpload(
  context: AssetContext & Pick<Context, 'covers'>,
  upload: ReceivedUpload,
  sender: Sender,
  where: Place,
): Promise<Placed> {
  const { projectId, sceneId, list } = where
  const project = projectId === undefined ? undefined : await findChangeable(projectId, sender)
  if (!upload.files.every(ACCEPTS[list]))
    throw unsupportedMedia('This list does not accept files of this media type.')
  if (sceneId !== undefined && !project?.scenes.some(({ id }) => id === sceneId)) throw notFound()

  const asset = await createAsset(context, upload, sender, {})
  try {
    return { asset, ...(await place(asset, sender, { project, sceneId, list })) }
  } catch (error) {
    await discardAsset(context, asset)
    throw error
  }
}

/** @throws `not_found`, `forbidden` */
async function findChangeable(id: string, { user }: Sender): Promise<ProjectFields> {
  const project = await findProject(id, user)
  if (!project) throw notFound()
  assertAccess(project, user, 'write')
  return project
}

async function place(
  { _id, name }: AssetFields,
  sender: Sender,
  { project, sceneId, list }: Omit<Place, 'projectId'> & { project: ProjectFields | undefined },
) {
  if (!project) {
    const scene = { ...emptyScene(), [list]: [_id] }
    const made = await createProject(sender, { title: name, scenes: [scene] })
    return { projectId: made._id.toString(), sceneId: scene.id }
  }
  const { scene } = sceneId
    ? await addToScene(project, sceneId, sender, { list, asset: _id })
    : await addScene(project, { [list]: [_id.toString()] }, sender)
  return { projectId: project._id.toString(), sceneId: scene.id }
}
