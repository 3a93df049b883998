import { Router } from 'express'
import * as activity from '../controllers/activity.ts'
import * as controller from '../controllers/users.ts'
import { authenticate } from '../middleware/authenticate.ts'
import { handle } from '../middleware/handle.ts'
import { loadUser } from '../middleware/load.ts'
import { requireAdmin } from '../middleware/require.ts'
import * as rules from './users.rules.ts'

/** `/api/users`: accounts. */
export const users = Router()

users.use(authenticate)

users
  .route('/me')
  .get(handle(controller.readOwn))
  .patch(handle(rules.update, controller.updateOwn))
  .delete(handle(rules.remove, controller.removeOwn))

users.get('/me/activity', handle(rules.activity, activity.listOwn))

users.get('/', handle(rules.list, controller.list))
users
  .route('/:userId')
  .get(loadUser, handle(controller.read))
  .patch(requireAdmin, loadUser, handle(rules.administer, controller.update))
  .delete(requireAdmin, loadUser, handle(controller.remove))
