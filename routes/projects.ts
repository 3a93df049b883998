import { Router } from 'express'
import { collaboratorsOf } from '../controllers/collaborators.ts'
import * as projects from '../controllers/projects.ts'
import { authenticate } from '../middleware/authenticate.ts'
import { handle } from '../middleware/handle.ts'
import { loadProject, validateUsername } from '../middleware/load.ts'
import { requireAccess } from '../middleware/require.ts'
import { Project } from '../models/project.ts'
import { collaborator } from './asset-sharing.rules.ts'
import * as rules from './projects.rules.ts'

const collaborators = collaboratorsOf({ type: 'project', model: Project }, ({ project }) => project)

/** `/api/projects`: projects, their scenes and collaborators. */
export const router = Router()

router.use(authenticate)
router.param('projectId', loadProject)
router.param('username', validateUsername)

router.get('/', handle(rules.list, projects.list))
router.post('/', handle(rules.create, projects.create))

router.get('/:projectId', handle(projects.read))
router.patch('/:projectId', requireAccess('write'), handle(rules.update, projects.update))
router.delete('/:projectId', requireAccess('owner'), handle(projects.remove))

router.post('/:projectId/scenes', requireAccess('write'), handle(rules.scene, projects.createScene))
router.patch(
  '/:projectId/scenes/:sceneId',
  requireAccess('write'),
  handle(rules.sceneUpdate, projects.updateScene),
)
router.delete('/:projectId/scenes/:sceneId', requireAccess('write'), handle(projects.deleteScene))

router.get('/:projectId/collaborators', requireAccess('owner'), handle(collaborators.list))
router.put(
  '/:projectId/collaborators/:username',
  requireAccess('owner'),
  handle(collaborator, collaborators.set),
)
router.delete('/:projectId/collaborators/:username', requireAccess('owner'), handle(collaborators.remove))
