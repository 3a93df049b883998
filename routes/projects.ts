import { Router } from 'express'
import { collaboratorsOf } from '../controllers/collaborators.ts'
import * as controller from '../controllers/projects.ts'
import { authenticate } from '../middleware/authenticate.ts'
import { checkUsername } from '../middleware/check-username.ts'
import { handle } from '../middleware/handle.ts'
import { loadProject } from '../middleware/load-project.ts'
import { must } from '../middleware/require-access.ts'
import { Project } from '../models/project.ts'
import { collaborator } from './asset-sharing.rules.ts'
import * as rules from './projects.rules.ts'

const collaborators = collaboratorsOf({ type: 'project', model: Project }, ({ project }) => project)

/** `/api/projects`: scenes made of assets. */
export const projects = Router()

projects.use(authenticate)
projects.param('projectId', loadProject)
projects.param('username', checkUsername)

projects.get('/', handle(rules.list, controller.list))
projects.post('/', handle(rules.create, controller.create))

projects.get('/:projectId', handle(controller.read))
projects.patch('/:projectId', must('write'), handle(rules.update, controller.update))
projects.delete('/:projectId', must('owner'), handle(controller.remove))

projects.post('/:projectId/scenes', must('write'), handle(rules.scene, controller.createScene))
projects.patch('/:projectId/scenes/:sceneId', must('write'), handle(rules.scene, controller.updateScene))
projects.delete('/:projectId/scenes/:sceneId', must('write'), handle(controller.deleteScene))

projects.get('/:projectId/collaborators', must('owner'), handle(collaborators.list))
projects.put('/:projectId/collaborators/:username', must('owner'), handle(collaborator, collaborators.set))
projects.delete('/:projectId/collaborators/:username', must('owner'), handle(collaborators.remove))
