import { createHash } from 'node:crypto'
import { Types } from 'mongoose'
import { isDuplicateKey } from '../../models/database-errors.ts'
import { Project, type ProjectFields } from '../../models/project.ts'
import type { Sender } from '../auth/sender.ts'
import { notFound } from '../errors.ts'
import { createProject } from './projects.ts'

/** The title of a project that the service creates. */
const TITLE = 'My project'

/**
 * Returns the oldest project of the sender. Creates an empty one for a sender who has none. Several requests at the same
 * time, also on several processes, create one project, because its id depends only on its owner.
 *
 * @throws `not_found` when the sender deletes the project at the same time
 * @throws what `confirmSender` throws
 */
export async function ensureFirstProject(sender: Sender): Promise<ProjectFields> {
  const owner = sender.user._id
  const oldest = await Project.oldestOf(owner)
  if (oldest) return oldest
  try {
    return await createProject(sender, { _id: firstProjectId(owner), title: TITLE })
  } catch (error) {
    if (!isDuplicateKey(error)) throw error
    const created = await Project.oldestOf(owner)
    if (!created) throw notFound()
    return created
  }
}

/** Returns an id that does not show the id of the owner, because other users of a project can see its id. */
function firstProjectId(owner: Types.ObjectId): Types.ObjectId {
  const hash = createHash('sha256').update(`first project of ${owner}`).digest()
  return new Types.ObjectId(hash.subarray(0, 12))
}
