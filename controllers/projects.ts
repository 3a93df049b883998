import type { Request, RequestHandler, Response } from 'express'
import { searchInTurn } from '../app/assets/search.ts'
import { success } from '../app/envelope.ts'
import { createProject } from '../app/projects/create.ts'
import { presentProjects } from '../app/projects/present.ts'
import { removeProject } from '../app/projects/remove.ts'
import { addScene, removeScene, type SceneLists, setScene } from '../app/projects/scenes.ts'
import { imageOf, type ProjectChange, updateProject } from '../app/projects/update.ts'
import { clientOf } from '../middleware/client-of.ts'
import { Project, type ProjectFields } from '../models/project.ts'
import { required } from './required.ts'
import { senderOf } from './sender-of.ts'

export const list: RequestHandler = async (req, res) => {
  const { limit, cursor } = req.valid as { limit: number; cursor?: string }
  const from = req.services.cursors.read('projects', cursor)
  const { projects, next } = await inTurn(req, async () => {
    const page = await Project.listFor(req.user, { limit, from })
    return { projects: await presentProjects(page.projects, req.user), next: page.next }
  })
  res.json(success({ projects, next: req.services.cursors.write('projects', next) }))
}

export const create: RequestHandler = async (req, res) => {
  const { title, image } = req.valid as { title: string; image?: string | null }
  const user = required(req.user)
  const given = { title, image: (await imageOf(image, user)) ?? null }
  const project = await createProject(req.services, senderOf(req), given)
  res.location(`/api/projects/${project._id}`)
  await send(req, res, project, 201)
}

export const read: RequestHandler = async (req, res) => {
  const [project] = await inTurn(req, () => presentProjects([required(req.project)], req.user))
  res.json(success({ project }))
}

export const update: RequestHandler = async (req, res) => {
  const change = req.valid as ProjectChange
  await send(req, res, await updateProject(req.services, required(req.project), senderOf(req), change))
}

export const remove: RequestHandler = async (req, res) => {
  await removeProject(req.services, required(req.project), senderOf(req))
  res.status(204).end()
}

export const createScene: RequestHandler = async (req, res) => {
  const added = await addScene(req.services, required(req.project), req.valid as SceneLists, senderOf(req))
  await send(req, res, added.project, 201, added.scene.id)
}

export const updateScene: RequestHandler = async (req, res) => {
  const id = String(req.params.sceneId)
  const lists = req.valid as SceneLists
  const { project } = await setScene(req.services, required(req.project), id, lists, senderOf(req))
  await send(req, res, project, 200, id)
}

export const deleteScene: RequestHandler = async (req, res) => {
  await removeScene(req.services, required(req.project), String(req.params.sceneId), senderOf(req))
  res.status(204).end()
}

/** Looks up the assets of projects, up to 80,000 of one project, when it is the turn of the user. */
const inTurn = <T>(req: Request, lookUp: () => Promise<T>): Promise<T> =>
  searchInTurn(req.services, req.user, clientOf(req), lookUp)

/** Answers with the project as the caller sees it, and with the scene that the request was about. */
async function send(req: Request, res: Response, project: ProjectFields, status = 200, sceneId?: string) {
  const [view] = await presentProjects([project], req.user)
  const scene = view?.scenes.find(({ id }) => id === sceneId)
  res.status(status).json(success({ project: view, ...(scene ? { scene } : {}) }))
}
