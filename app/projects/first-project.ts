import { createHash } from 'node:crypto'
import { Types } from 'mongoose'
import { isDuplicateKey } from '../../models/database-errors.ts'
import { Project, type ProjectFields } from '../../models/project.ts'
import type { Sender } from '../auth/sender.ts'
import { createProject } from './projects.ts'

/** The title of a project that the service creates. */
const TITLE = 'My project'

/** Most attempts with an id that other requests can use too. */
const ATTEMPTS = 10

/**
 * Returns the oldest project of the sender that can have another scene. Creates an empty one for a sender who has none.
 * Several requests at the same time, also on several processes, create one project, because its id depends only on its
 * owner and the newest project before it.
 *
 * @throws `conflict` when the sender has too many projects
 * @throws what `confirmSender` throws
 */
export async function ensureProjectWithRoom(sender: Sender): Promise<ProjectFields> {
  const owner = sender.user._id
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    // read first, so that it has no room either if none has
    const newest = await Project.newestOf(owner)
    const found = await Project.oldestWithRoom(owner)
    if (found) return found
    try {
      return await createProject(sender, { _id: idAfter(owner, newest), title: TITLE })
    } catch (error) {
      if (!isDuplicateKey(error)) throw error
    }
  }
  // the project with this id has no room, but is not the newest: the clocks of the processes differ
  return createProject(sender, { title: TITLE })
}

/** Returns an id that does not show the id of the owner, because other users of a project can see its id. */
function idAfter(owner: Types.ObjectId, newest: ProjectFields | null): Types.ObjectId {
  const text = newest ? `project of ${owner} after ${newest._id}` : `first project of ${owner}`
  return new Types.ObjectId(createHash('sha256').update(text).digest().subarray(0, 12))
}
