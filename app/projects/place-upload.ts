import type { AssetFields } from '../../models/asset.ts'
import type { AssetFile } from '../../models/asset-files.ts'
import { findProject, type ProjectFields, type SceneList } from '../../models/project.ts'
import { createAsset } from '../assets/create.ts'
import { discardAsset } from '../assets/remove.ts'
import type { Sender } from '../auth/sender.ts'
import type { AssetContext, Context } from '../context.ts'
import { AppError, notFound, unsupportedMedia } from '../errors.ts'
import { assertAccess } from '../sharing/assert-access.ts'
import type { ReceivedUpload } from '../uploads/upload-session.ts'
import { ensureProjectWithRoom } from './first-project.ts'
import { addScene, addToScene, type SceneLists } from './scenes.ts'

/** Where an upload goes: the oldest own project with room without `projectId`, a new scene without `sceneId`. */
export interface Place {
  /** The id of a project that the sender can change. */
  projectId?: string | undefined
  sceneId?: string | undefined
  list: SceneList
  /** Path of the file on the device of the client. */
  localPath?: string | undefined
}

interface Placed {
  projectId: string
  sceneId: string
  asset: AssetFields
}

interface Accepted {
  accepts: (file: AssetFile) => boolean
  /** For the message to a client. */
  names: string
}

const PICTURE: Accepted = {
  accepts: ({ media, mediaType }) => media === 'image' && mediaType !== 'image/gif',
  names: 'an image that is not a GIF',
}

/** Files that each list of a scene accepts from an earlier client. */
const ACCEPTED: Record<SceneList, Accepted> = {
  base: { accepts: ({ media }) => media === 'image', names: 'an image' },
  baseImage: PICTURE,
  overlay: {
    accepts: ({ media, mediaType }) => media === 'video' || mediaType === 'image/gif',
    names: 'a video or a GIF',
  },
  overlayImage: PICTURE,
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
  const { projectId, sceneId, list, localPath } = where
  const project = projectId === undefined ? undefined : await findChangeable(projectId, sender)
  if (!upload.files.every(ACCEPTED[list].accepts))
    throw unsupportedMedia(`The file for this list must be ${ACCEPTED[list].names}.`)
  if (sceneId !== undefined && !project?.scenes.some(({ id }) => id === sceneId)) throw notFound()

  const asset = await createAsset(context, upload, sender, localPath === undefined ? {} : { localPath })
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
  { _id }: AssetFields,
  sender: Sender,
  { project, sceneId, list }: Pick<Place, 'sceneId' | 'list'> & { project: ProjectFields | undefined },
) {
  const lists = { [list]: [_id.toString()] }
  const { project: changed, scene } = !project
    ? await addSceneToOwn(lists, sender)
    : sceneId
      ? await addToScene(project, sceneId, sender, { list, asset: _id })
      : await addScene(project, lists, sender)
  return { projectId: changed._id.toString(), sceneId: scene.id }
}

/** Adds a scene to the oldest project of the sender that has room. Takes the next one if others fill it meanwhile. */
async function addSceneToOwn(lists: SceneLists, sender: Sender): ReturnType<typeof addScene> {
  const project = await ensureProjectWithRoom(sender)
  try {
    return await addScene(project, lists, sender)
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'too_large') throw error
    return addSceneToOwn(lists, sender)
  }
}
