import type { RequestParamHandler } from 'express'
import { notFound } from '../app/errors.ts'
import { isId } from '../models/ids.ts'
import { Project, projectsOf } from '../models/project.ts'

/** Finds the project that a path names, for the one who asks: what they may not read is as if it were not there. */
export const loadProject: RequestParamHandler = async (req, _res, next, id: string) => {
  const project = isId(id) ? await Project.findOne({ _id: id, ...projectsOf(req.user) }).lean() : null
  if (!project) throw notFound()
  req.project = project
  next()
}
