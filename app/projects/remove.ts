import { Project, type ProjectFields } from '../../models/project.ts'
import { confirmSender, type Sender } from '../auth/sender.ts'
import type { Context } from '../context.ts'
import { notFound } from '../errors.ts'

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
