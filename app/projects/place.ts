import type { AssetFields, AssetFile } from '../../models/asset.ts'
import { findProject, type ProjectFields, type SceneList } from '../../models/project.ts'
import { createAsset } from '../assets/create.ts'
import { discardAsset } from '../assets/remove.ts'
import type { Sender } from '../auth/sender.ts'
import type { AssetContext, Context } from '../context.ts'
import { notFound, unsupportedMedia } from '../errors.ts'
import { assertAccess } from '../sharing/assert-access.ts'
import type { ReceivedUpload } from '../uploads/upload-session.ts'
import { createProject } from './create.ts'
import { addScene, addToScene, emptyScene } from './scenes.ts'

/** Where on stage an upload goes: without a project a new one, without a scene a new one. */
export interface Place {
  /** Of a project that the sender can change. */
  projectId?: string | undefined
  sceneId?: string | undefined
  list: SceneList
}

export interface Placed {
  projectId: string
  sceneId: string
  asset: AssetFields
}

/** What each list of a scene takes from an old client. */
const TAKES: Record<SceneList, (file: AssetFile) => boolean> = {
  base: ({ media }) => media === 'image',
  baseImage: ({ media, mediaType }) => media === 'image' && mediaType !== 'image/gif',
  overlay: ({ media, mediaType }) => media === 'video' || mediaType === 'image/gif',
  overlayImage: ({ media, mediaType }) => media === 'image' && mediaType !== 'image/gif',
}

/**
 * Makes an asset of an upload and puts it into a scene; where it finds no place there, nothing of it stays.
 *
 * @throws `not_found` for a project that the sender cannot read or a scene that is not in it, `forbidden` for a project that
 *   they can only read, `unsupported_media`, `too_large`, and what
 *   `changeProject` throws
 */
export async function placeUpload(
  context: AssetContext & Pick<Context, 'covers'>,
  upload: ReceivedUpload,
  sender: Sender,
  where: Place,
): Promise<Placed> {
  const { projectId, sceneId, list } = where
  const project = projectId === undefined ? undefined : await findChangeable(projectId, sender)
  if (!upload.files.every(TAKES[list])) throw unsupportedMedia('This list takes no file of that kind.')
  if (sceneId !== undefined && !project?.scenes.some(({ id }) => id === sceneId)) throw notFound()

  const asset = await createAsset(context, upload, sender, {})
  try {
    return { asset, ...(await place(context, asset, sender, { project, sceneId, list })) }
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
  context: AssetContext,
  { _id, name }: AssetFields,
  sender: Sender,
  { project, sceneId, list }: Omit<Place, 'projectId'> & { project: ProjectFields | undefined },
) {
  if (!project) {
    const scene = { ...emptyScene(), [list]: [_id] }
    const made = await createProject(context, sender, { title: name, scenes: [scene] })
    return { projectId: made._id.toString(), sceneId: scene.id }
  }
  const { scene } = sceneId
    ? await addToScene(context, project, sceneId, sender, { list, asset: _id })
    : await addScene(context, project, { [list]: [_id.toString()] }, sender)
  return { projectId: project._id.toString(), sceneId: scene.id }
}
