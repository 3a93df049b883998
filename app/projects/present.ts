import type { Viewer } from '../../models/asset-access.ts'
import type { ProjectFields } from '../../models/project.ts'
import { projectView } from '../../models/views/project.ts'
import { visibleUsers } from '../../models/visible-users.ts'
import { readableAmong, referencesOf } from './references.ts'

/** Projects as a viewer sees them, in the same order. */
export async function presentProjects(projects: ProjectFields[], viewer: Viewer) {
  const [known, readable] = await Promise.all([
    visibleUsers(
      projects.map(({ owner }) => owner),
      viewer,
    ),
    readableAmong(projects.flatMap(referencesOf), viewer),
  ])
  return projects.map((project) =>
    projectView(project, { viewer, readable, owner: known.get(project.owner.toString()) ?? null }),
  )
}
