import type { Types } from 'mongoose'
import { changeableBy, type Viewer } from '../../models/asset-access.ts'
import { recordReferences } from '../../models/asset-objects.ts'
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
  /** Default: a new id. */
  _id?: Types.ObjectId
  title: string
  image?: Types.ObjectId | null
  scenes?: Scene[]
}

/**
 * Creates a project of the sender.
 *
 * @throws `conflict` when the sender has too many projects
 * @throws a duplicate key error when a project has the given id
 * @throws what `confirmSender` throws
 */
export async function createProject(
  sender: Sender,
  { _id, title, image = null, scenes = [] }: NewProject,
): Promise<ProjectFields> {
  const owner = sender.user._id
  await confirmSender({ sender })
  const readers = [owner.toString()]
  const references = referencesOf({ image, scenes })
  await recordReferences(references)
  const project = await Project.create({
    ...(_id ? { _id } : {}),
    owner,
    title,
    image,
    scenes,
    readers,
  })
  if (!(await Project.fits(owner))) {
    await Project.removeOwned(project._id, owner)
    throw conflict('An account can have at most 1,000 projects. Delete one first.')
  }
  if (references.length > 0) await removeDeletedReferences(references)
  return project.toObject()
}

/** Fields to change. Missing fields are not changed. */
interface ProjectChange {
  title?: string
  /** The id of an asset; null removes the image. */
  image?: string | null
  /** The ids of all scenes, in their new order. */
  sceneOrder?: string[]
}

/**
 * Changes the given fields of a project.
 *
 * @throws `validation_failed` for an asset that the sender cannot read, or an incomplete order of scenes
 * @throws what `changeProject` throws
 */
export async function updateProject(
  project: ProjectFields,
  sender: Sender,
  { title, image, sceneOrder }: ProjectChange,
): Promise<ProjectFields> {
  if (title === undefined && image === undefined && !sceneOrder) return project
  const imageId = await resolveImage(image, sender.user)
  return changeProject(project, sender, ({ scenes }) => ({
    ...(title === undefined ? {} : { title }),
    ...(imageId === undefined ? {} : { image: imageId }),
    ...(sceneOrder ? { scenes: reorderScenes(scenes, sceneOrder) } : {}),
  }))
}

/**
 * Returns the reference to the image of a project.
 *
 * @throws `validation_failed` for an asset that the viewer cannot read
 */
export async function resolveImage(image: string | null | undefined, viewer: Viewer) {
  if (image === undefined || image === null) return image
  const { image: [found] = [] } = await resolveReferences({ image: [image] }, viewer)
  return found
}

/**
 * Changes a project. Retries when another request changed it first. A change to the values that it has does nothing.
 *
 * @param decide returns the fields to change, given the current project
 * @returns the project after the change
 * @throws `not_found` when it was deleted or the sender can no longer read it
 * @throws `forbidden` when the sender can no longer change it
 * @throws what `confirmSender` and `decide` throw
 */
export async function changeProject(
  project: ProjectFields,
  sender: Sender,
  decide: (current: ProjectFields) => Partial<ProjectContent> | Promise<Partial<ProjectContent>>,
): Promise<ProjectFields> {
  const { before, after } = await Project.change(
    project,
    async (current) => {
      const change = await decide(current)
      await recordReferences(newReferences(current, { ...current, ...change }))
      await confirmSender({ sender }, current.owner)
      if (isUnchanged(current, change)) return null
      return {
        conditions: { version: current.version, ...changeableBy(sender.user, 'write') },
        update: { $set: change, $inc: { version: 1 } },
      }
    },
    async ({ _id }) => {
      const current = await findProject(_id.toString(), sender.user)
      if (!current) throw notFound()
      assertAccess(current, sender.user, 'write')
      return current
    },
  )
  await removeDeletedReferences(newReferences(before, after))
  return after
}

/** Returns whether a change sets the values that a project has. Ids are compared as texts. */
const isUnchanged = (current: ProjectContent, change: Partial<ProjectContent>): boolean =>
  Object.entries(change).every(
    ([field, value]) => JSON.stringify(value) === JSON.stringify(current[field as keyof ProjectContent]),
  )

/** Returns the references of a project that it did not have before. */
function newReferences(before: ProjectContent, after: ProjectContent): Types.ObjectId[] {
  const old = new Set(referencesOf(before).map(String))
  return referencesOf(after).filter((id) => !old.has(id.toString()))
}

/**
 * Deletes a project for its owner. Does not delete its assets.
 *
 * @throws `not_found`
 * @throws what `confirmSender` throws
 */
export async function removeProject(
  { events }: Pick<Context, 'events'>,
  { _id }: ProjectFields,
  sender: Sender,
): Promise<void> {
  const owner = sender.user._id
  await confirmSender({ sender })
  if (!(await Project.removeOwned(_id, owner))) throw notFound()
  await events.record({
    action: 'project.deleted',
    user: owner,
    target: { type: 'project', id: _id.toString() },
  })
}

/**
 * Returns the scenes in a new order.
 *
 * @throws `validation_failed` unless the order names each scene exactly once
 */
function reorderScenes(scenes: Scene[], order: string[]): Scene[] {
  const found = order.flatMap((id) => scenes.find((scene) => scene.id === id) ?? [])
  if (found.length !== scenes.length || new Set(order).size !== order.length || order.length !== found.length)
    throw validationFailed([{ field: 'sceneOrder', message: 'must name every scene of the project once' }])
  return found
}
