import type { Types } from 'mongoose'
import { changeableBy, type Viewer } from '../../models/asset-access.ts'
import {
  findProject,
  Project,
  type ProjectContent,
  type ProjectFields,
  referencesOf,
  type Scene,
} from '../../models/project.ts'
import { confirmSender, type Sender } from '../auth/sender.ts'
import type { Context } from '../context.ts'
import { conflict, notFound, validationFailed } from '../errors.ts'
import { assertAccess } from '../sharing/assert-access.ts'
import { removeDeletedReferences, resolveReferences } from './references.ts'

interface NewProject {
  title: string
  image?: Types.ObjectId | null
  scenes?: Scene[]
}

/** Makes a project of the sender's. @throws `conflict` when the sender has too many, what `confirmSender` throws */
export async function createProject(
  { clock }: Pick<Context, 'clock'>,
  sender: Sender,
  { title, image = null, scenes = [] }: NewProject,
): Promise<ProjectFields> {
  const now = clock.now()
  const owner = sender.user._id
  await confirmSender({ sender })
  const readers = [owner.toString()]
  const project = await Project.create({
    owner,
    title,
    image,
    scenes,
    readers,
    createdAt: now,
    updatedAt: now,
  })
  if (!(await Project.fits(owner))) {
    await Project.removeOwned(project._id, owner)
    throw conflict('An account can have at most 1,000 projects. Delete one first.')
  }
  if (image) await removeDeletedReferences([image])
  return project.toObject()
}

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
  const pictured = await resolveImage(image, sender.user)
  return changeProject(context, project, sender, ({ scenes }) => ({
    ...(title === undefined ? {} : { title }),
    ...(pictured === undefined ? {} : { image: pictured }),
    ...(sceneOrder ? { scenes: reorderScenes(scenes, sceneOrder) } : {}),
  }))
}

/** @throws `validation_failed` */
export async function resolveImage(image: string | null | undefined, viewer: Viewer) {
  if (image === undefined || image === null) return image
  const { image: [found] = [] } = await resolveReferences({ image: [image] }, viewer)
  return found
}

/**
 * Changes a project. Retries when another request changed it first.
 *
 * @param decide returns the fields to change, given the current project
 * @returns the project after the change
 * @throws `not_found` when it was deleted or the sender may no longer read it, `forbidden` when they may no longer
 *   change it, what `confirmSender` and what `decide` throw
 */
export async function changeProject(
  { clock }: Pick<Context, 'clock'>,
  project: ProjectFields,
  sender: Sender,
  decide: (current: ProjectFields) => Partial<ProjectContent> | Promise<Partial<ProjectContent>>,
): Promise<ProjectFields> {
  const { before, after } = await Project.change(
    project,
    async (current) => {
      const change = await decide(current)
      await confirmSender({ sender }, current.owner)
      return {
        conditions: { version: current.version, ...changeableBy(sender.user, 'write') },
        update: { $set: { ...change, updatedAt: clock.now() }, $inc: { version: 1 } },
      }
    },
    async ({ _id }) => {
      const current = await findProject(_id.toString(), sender.user)
      if (!current) throw notFound()
      assertAccess(current, sender.user, 'write')
      return current
    },
  )
  const old = new Set(referencesOf(before).map(String))
  await removeDeletedReferences(referencesOf(after).filter((id) => !old.has(id.toString())))
  return after
}

/** Deletes a project for its owner; its assets stay. @throws `not_found`, and what `confirmSender` throws */
export async function removeProject(
  { audit }: Pick<Context, 'audit'>,
  { _id }: ProjectFields,
  sender: Sender,
): Promise<void> {
  const owner = sender.user._id
  await confirmSender({ sender })
  if (!(await Project.removeOwned(_id, owner))) throw notFound()
  await audit({ action: 'project.deleted', user: owner, target: { type: 'project', id: _id.toString() } })
}

/** The scenes in another order. @throws `validation_failed` unless each is named exactly once */
export function reorderScenes(scenes: Scene[], order: string[]): Scene[] {
  const found = order.flatMap((id) => scenes.find((scene) => scene.id === id) ?? [])
  if (found.length !== scenes.length || new Set(order).size !== order.length || order.length !== found.length)
    throw validationFailed([{ field: 'sceneOrder', message: 'must name every scene of the project once' }])
  return found
}
