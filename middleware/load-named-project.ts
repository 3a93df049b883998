import type { RequestHandler } from 'express'
import { loadProject } from './load-project.ts'
import { must } from './must.ts'

const mustWrite = must('write')

/** Finds the project that the field `projectId` names, if any, as `loadProject` does; only who may change it passes. */
export const loadNamedProject: RequestHandler = (req, res, next) => {
  const { projectId } = req.valid as { projectId?: string }
  if (projectId === undefined) return next()
  return loadProject(
    req,
    res,
    (error) => (error ? next(error) : mustWrite(req, res, next)),
    projectId,
    'projectId',
  )
}
