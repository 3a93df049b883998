import { accessOf, type Viewer } from '../asset-access.ts'
import type { ProjectFields, Scene } from '../project.ts'
import type { VisibleOwner } from './asset.ts'

interface Sight {
  viewer: Viewer
  /** The owner, if the viewer may know them. */
  owner: VisibleOwner | null
  /** The ids of the assets that the viewer may read; others are as if they were not there. */
  readable: ReadonlySet<string>
}

/** A project as a viewer sees it: assets by their ids. */
export function projectView(project: ProjectFields, { viewer, owner, readable }: Sight) {
  const image = project.image?.toString() ?? null
  return {
    id: project._id.toString(),
    title: project.title,
    image: image && readable.has(image) ? image : null,
    access: accessOf(project, viewer),
    owner,
    version: project.version,
    scenes: project.scenes.map((scene) => sceneView(scene, readable)),
    createdAt: project.createdAt,
    updatedAt: project.updatedAt,
  }
}

export function sceneView(scene: Scene, readable: ReadonlySet<string>) {
  const seen = (list: Scene['base']) => list.map(String).filter((id) => readable.has(id))
  return {
    id: scene.id,
    base: seen(scene.base),
    overlay: seen(scene.overlay),
    overlayImage: seen(scene.overlayImage),
    baseImage: seen(scene.baseImage),
  }
}
