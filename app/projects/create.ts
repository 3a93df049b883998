import type { Types } from 'mongoose'
import { Project, type ProjectFields, type Scene } from '../../models/project.ts'
import { confirmSender, type Sender } from '../auth/sender.ts'
import type { Context } from '../context.ts'
import { conflict } from '../errors.ts'
import { dropDeleted } from './references.ts'

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
  if (image) await dropDeleted([image])
  return project.toObject()
}
