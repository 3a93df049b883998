import type { Viewer } from '../../models/asset-access.ts'
import type { ProjectFields } from '../../models/project.ts'
import type { Sender } from '../auth/sender.ts'
import type { Context } from '../context.ts'
import { changeProject } from './change.ts'
import { resolveReferences } from './references.ts'
import { reordered } from './scenes.ts'

/** What is not named stays. */
export interface ProjectChange {
  title?: string
  /** The id of an asset; null for none. */
  image?: string | null
  /** The ids of all scenes, in their new order. */
  sceneOrder?: string[]
}

/** @throws `validation_failed` for an asset that the sender may not read, or an order that is none, and what
 * `changeProject` throws */
export async function updateProject(
  context: Pick<Context, 'clock'>,
  project: ProjectFields,
  sender: Sender,
  { title, image, sceneOrder }: ProjectChange,
): Promise<ProjectFields> {
  if (title === undefined && image === undefined && !sceneOrder) return project
  const pictured = await imageOf(image, sender.user)
  return changeProject(context, project, sender, ({ scenes }) => ({
    ...(title === undefined ? {} : { title }),
    ...(pictured === undefined ? {} : { image: pictured }),
    ...(sceneOrder ? { scenes: reordered(scenes, sceneOrder) } : {}),
  }))
}

/** @throws `validation_failed` */
export async function imageOf(image: string | null | undefined, viewer: Viewer) {
  if (image === undefined || image === null) return image
  const { image: [found] = [] } = await resolveReferences({ image: [image] }, viewer)
  return found
}
