import { changeableBy } from '../../models/asset-access.ts'
import {
  findProject,
  Project,
  type ProjectContent,
  type ProjectFields,
  referencesOf,
} from '../../models/project.ts'
import { confirmSender, type Sender } from '../auth/sender.ts'
import type { Context } from '../context.ts'
import { notFound } from '../errors.ts'
import { assertAccess } from '../sharing/assert-access.ts'
import { dropDeleted } from './references.ts'

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
  await dropDeleted(referencesOf(after).filter((id) => !old.has(id.toString())))
  return after
}
