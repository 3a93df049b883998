import { Project, type ProjectContent, type ProjectFields } from '../../models/project.ts'
import { notFound } from '../errors.ts'
import type { Services } from '../services.ts'
import { dropDeleted, referencesOf } from './references.ts'

/**
 * Changes a project as it is at that moment: where another change came first, it begins anew.
 *
 * @param decide what is to be changed, told from what is there
 * @returns the project after the change
 * @throws `not_found` when it is gone, and what `decide` throws
 */
export async function changeProject(
  { clock }: Pick<Services, 'clock'>,
  project: ProjectFields,
  decide: (current: ProjectFields) => Partial<ProjectContent> | Promise<Partial<ProjectContent>>,
): Promise<ProjectFields> {
  for (let current = project; ; ) {
    const change = await decide(current)
    const changed = await Project.findOneAndUpdate(
      { _id: current._id, version: current.version },
      { $set: { ...change, updatedAt: clock.now() }, $inc: { version: 1 } },
      { returnDocument: 'after' },
    ).lean()
    if (changed) {
      const before = new Set(referencesOf(current).map(String))
      await dropDeleted(referencesOf(changed).filter((id) => !before.has(id.toString())))
      return changed
    }
    const found = await Project.findById(current._id).lean()
    if (!found) throw notFound()
    current = found
  }
}
