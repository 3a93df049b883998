import { changeableBy } from '../../models/asset-access.ts'
import { Project, type ProjectContent, type ProjectFields, projectsOf } from '../../models/project.ts'
import { confirmSender, type Sender } from '../auth/sender.ts'
import { notFound } from '../errors.ts'
import { requireAccess } from '../require-access.ts'
import type { Services } from '../services.ts'
import { dropDeleted, referencesOf } from './references.ts'

/**
 * Changes a project as it is at that moment: where another change came first, it begins anew.
 *
 * @param decide what is to be changed, told from what is there
 * @returns the project after the change
 * @throws `not_found` when it is gone or the sender may no longer read it, `forbidden` when they may no longer change it,
 *   what `confirmSender` and what `decide` throw
 */
export async function changeProject(
  { clock }: Pick<Services, 'clock'>,
  project: ProjectFields,
  sender: Sender,
  decide: (current: ProjectFields) => Partial<ProjectContent> | Promise<Partial<ProjectContent>>,
): Promise<ProjectFields> {
  for (let current = project; ; ) {
    const change = await decide(current)
    await confirmSender({ sender }, current.owner)
    const changed = await Project.findOneAndUpdate(
      { _id: current._id, version: current.version, ...changeableBy(sender.user, 'write') },
      { $set: { ...change, updatedAt: clock.now() }, $inc: { version: 1 } },
      { returnDocument: 'after' },
    ).lean()
    if (changed) {
      const before = new Set(referencesOf(current).map(String))
      await dropDeleted(referencesOf(changed).filter((id) => !before.has(id.toString())))
      return changed
    }
    const found = await Project.findOne({ _id: current._id, ...projectsOf(sender.user) }).lean()
    if (!found) throw notFound()
    requireAccess(found, sender.user, 'write')
    current = found
  }
}
