import type { RequestParamHandler } from 'express'
import { notFound } from '../app/errors.ts'
import { findProject } from '../models/project.ts'

/** Finds the project that a path names. One that the caller may not read is answered as one that does not exist. */
export const loadProject: RequestParamHandler = async (req, _res, next, id: string) => {
  const project = await findProject(id, req.user)
  if (!project) throw notFound()
  req.project = project
  next()
}
