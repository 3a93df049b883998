import { accessOf, readableIds, type Viewer } from '../asset-access.ts'
import { type ProjectFields, referencesOf, type Scene } from '../project.ts'
import { type VisibleUser, visibleUsers } from '../visible-users.ts'

interface Options {
  viewer: Viewer
  /** The owner; null when the viewer cannot see them. */
  owner: VisibleUser | null
  /** The ids of the assets that the viewer can read. The others are left out. */
  readable: ReadonlySet<string>
}

/** Serializes projects for a viewer, in the same order. */
export async function serializeProjects(projects: ProjectFields[], viewer: Viewer) {
  const [owners, readable] = await Promise.all([
    visibleUsers(
      projects.map(({ owner }) => owner),
      viewer,
    ),
    readableIds(projects.flatMap(referencesOf), viewer),
  ])
  return projects.map((project) =>
    serializeProject(project, { viewer, readable, owner: owners.get(project.owner.toString()) ?? null }),
  )
}

function serializeProject(project: ProjectFields, { viewer, owner, readable }: Options) {
  const image = project.image?.toString() ?? null
  return {
    id: project._id.toString(),
    title: project.title,
    image: image && readable.has(image) ? image : null,
    access: accessOf(project, viewer),
    owner,
    version: project.version,
    scenes: project.scenes.map((scene) => serializeScene(scene, readable)),
    createdAt: project.createdAt,
    updatedAt: project.updatedAt,
  }
}

function serializeScene(scene: Scene, readable: ReadonlySet<string>) {
  const idsOf = (list: Scene['base']) => list.map(String).filter((id) => readable.has(id))
  return {
    id: scene.id,
    base: idsOf(scene.base),
    overlay: idsOf(scene.overlay),
    overlayImage: idsOf(scene.overlayImage),
    baseImage: idsOf(scene.baseImage),
  }
}
