import { Router } from 'express'
import { collaboratorsOf } from '../controllers/collaborators.ts'
import * as controller from '../controllers/projects.ts'
import { authenticate } from '../middleware/authenticate.ts'
import { handle } from '../middleware/handle.ts'
import { loadProject, validateUsername } from '../middleware/load.ts'
import { requireAccess } from '../middleware/require.ts'
import { Project } from '../models/project.ts'
import { collaborator } from './asset-sharing.rules.ts'
import * as rules from './projects.rules.ts'

const collaborators = collaboratorsOf({ type: 'project', model: Project }, ({ project }) => project)

/** `/api/projects`: scenes made of assets. */
export const projects = Router()

projects.use(authenticate)
projects.param('projectId', loadProject)
projects.param('username', validateUsername)

projects.get('/', handle(rules.list, controller.list))
projects.post('/', handle(rules.create, controller.create))

projects.get('/:projectId', handle(controller.read))
projects.patch('/:projectId', requireAccess('write'), handle(rules.update, controller.update))
projects.delete('/:projectId', requireAccess('owner'), handle(controller.remove))

projects.post('/:projectId/scenes', requireAccess('write'), handle(rules.scene, controller.createScene))
projects.patch(
  '/:projectId/scenes/:sceneId',
  requireAccess('write'),
  handle(rules.scene, controller.updateScene),
)
projects.delete('/:projectId/scenes/:sceneId', requireAccess('write'), handle(controller.deleteScene))

projects.get('/:projectId/collaborators', requireAccess('owner'), handle(collaborators.list))
projects.put(
  '/:projectId/collaborators/:username',
  requireAccess('owner'),
  handle(collaborator, collaborators.set),
)
projects.delete('/:projectId/collaborators/:username', requireAccess('owner'), handle(collaborators.remove))
