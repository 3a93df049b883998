import type { Request, Response } from 'express'
import { createProject, removeProject, resolveImage, updateProject } from '../app/projects/projects.ts'
import { addScene, removeScene, setScene } from '../app/projects/scenes.ts'
import { searchInTurn } from '../app/search/search.ts'
import { success } from '../middleware/envelope.ts'
import type { Handler, RouteRequest } from '../middleware/handle.ts'
import { Project, type ProjectFields } from '../models/project.ts'
import { serializeProjects } from '../models/views/project.ts'
import type * as rules from '../routes/projects.rules.ts'

export const list: Handler<typeof rules.list> = async (request, res) => {
  const { context, user, input } = request
  const from = context.cursors.read('projects', input.cursor)
  const { projects, next } = await inTurn(request, async () => {
    const page = await Project.listFor(user, { limit: input.limit, from })
    return { projects: await serializeProjects(page.projects, user), next: page.next }
  })
  res.json(success({ projects, next: context.cursors.write('projects', next) }))
}

export const create: Handler<typeof rules.create> = async ({ req, context, sender, input }, res) => {
  const { title, image } = input
  const given = { title, image: (await resolveImage(image, sender.user)) ?? null }
  const project = await createProject(sender, given)
  res.location(`${context.config.http.basePath}/api/projects/${project._id}`)
  await send(req, res, project, 201)
}

export const read: Handler = async (request, res) => {
  const [project] = await inTurn(request, () => serializeProjects([request.project], request.user))
  res.json(success({ project }))
}

export const update: Handler<typeof rules.update> = async ({ req, project, sender, input }, res) => {
  await send(req, res, await updateProject(project, sender, input))
}

export const remove: Handler = async ({ context, project, sender }, res) => {
  await removeProject(context, project, sender)
  res.status(204).end()
}

export const createScene: Handler<typeof rules.scene> = async ({ req, project, sender, input }, res) => {
  const added = await addScene(project, input, sender)
  await send(req, res, added.project, 201, added.scene.id)
}

export const updateScene: Handler<typeof rules.sceneUpdate> = async (
  { req, project, sender, input },
  res,
) => {
  const id = String(req.params.sceneId)
  const changed = await setScene(project, id, input, sender)
  await send(req, res, changed.project, 200, id)
}

export const deleteScene: Handler = async ({ req, project, sender }, res) => {
  await removeScene(project, String(req.params.sceneId), sender)
  res.status(204).end()
}

/** Loads the assets of projects through the search queue. One project can have 80,000 of them. */
const inTurn = <T>({ context, user, client }: RouteRequest, lookUp: () => Promise<T>): Promise<T> =>
  searchInTurn(context, user, client, lookUp)

/** Answers with the project and, if the request was about one, with the scene. */
async function send(req: Request, res: Response, project: ProjectFields, status = 200, sceneId?: string) {
  const [view] = await serializeProjects([project], req.user)
  const scene = view?.scenes.find(({ id }) => id === sceneId)
  res.status(status).json(success({ project: view, ...(scene ? { scene } : {}) }))
}
