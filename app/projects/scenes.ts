import { randomUUID } from 'node:crypto'
import type { Types } from 'mongoose'
import { readableIds } from '../../models/asset-access.ts'
import { type ProjectFields, SCENE_LIST, SCENES, type Scene, type SceneList } from '../../models/project.ts'
import type { Sender } from '../auth/sender.ts'
import { notFound, tooLarge } from '../errors.ts'
import { changeProject } from './projects.ts'
import { keepHidden, resolveReferences } from './references.ts'

/** Ids of assets by list. Missing lists are not changed. */
export type SceneLists = Partial<Record<SceneList, string[]>>

interface Changed {
  project: ProjectFields
  scene: Scene
}

export const emptyScene = (): Scene => ({
  id: randomUUID(),
  base: [],
  overlay: [],
  overlayImage: [],
  baseImage: [],
})

/**
 * Adds a scene after the existing ones.
 *
 * @throws `too_large` when the project has too many scenes
 * @throws `validation_failed` for assets that the sender cannot read
 */
export async function addScene(project: ProjectFields, lists: SceneLists, sender: Sender): Promise<Changed> {
  const scene = { ...emptyScene(), ...(await resolveReferences(lists, sender.user)) }
  const changed = await changeProject(project, sender, ({ scenes }) => {
    if (scenes.length >= SCENES.max) throw tooLarge(`A project can have at most ${SCENES.max} scenes.`)
    return { scenes: [...scenes, scene] }
  })
  return { project: changed, scene }
}

/**
 * Sets lists of a scene. Keeps assets that the sender cannot see.
 *
 * @throws `not_found` when the project has no such scene
 * @throws `validation_failed` for assets that the sender cannot read
 */
export async function setScene(
  project: ProjectFields,
  id: string,
  lists: SceneLists,
  sender: Sender,
): Promise<Changed> {
  const given = Object.entries(await resolveReferences(lists, sender.user)) as [SceneList, Types.ObjectId[]][]
  return changeScene(project, id, sender, async (scene) => {
    const readable = await readableIds(
      given.flatMap(([list]) => scene[list]),
      sender.user,
    )
    return Object.fromEntries(given.map(([list, ids]) => [list, keepHidden(scene[list], ids, readable)]))
  })
}

/**
 * Adds an asset at the end of a list of a scene.
 *
 * @throws `not_found` when the project has no such scene
 * @throws `too_large` when the list is full
 */
export function addToScene(
  project: ProjectFields,
  id: string,
  sender: Sender,
  { list, asset }: { list: SceneList; asset: Types.ObjectId },
): Promise<Changed> {
  return changeScene(project, id, sender, (scene) => {
    if (scene[list].length >= SCENE_LIST.max)
      throw tooLarge(`A list of a scene can have at most ${SCENE_LIST.max} assets.`)
    return { [list]: [...scene[list], asset] }
  })
}

/**
 * Removes a scene.
 *
 * @throws `not_found` when the project has no such scene
 */
export async function removeScene(project: ProjectFields, id: string, sender: Sender) {
  await changeProject(project, sender, ({ scenes }) => {
    if (!scenes.some((scene) => scene.id === id)) throw notFound()
    return { scenes: scenes.filter((scene) => scene.id !== id) }
  })
}

async function changeScene(
  project: ProjectFields,
  id: string,
  sender: Sender,
  decide: (scene: Scene) => Partial<Scene> | Promise<Partial<Scene>>,
): Promise<Changed> {
  const changed = await changeProject(project, sender, async ({ scenes }) => {
    const scene = scenes.find((one) => one.id === id)
    if (!scene) throw notFound()
    const change = await decide(scene)
    return { scenes: scenes.map((one) => (one.id === id ? { ...one, ...change } : one)) }
  })
  const scene = changed.scenes.find((one) => one.id === id)
  if (!scene) throw notFound()
  return { project: changed, scene }
}
