import { Router } from 'express'
import * as activity from '../controllers/activity.ts'
import * as users from '../controllers/users.ts'
import { authenticate } from '../middleware/authenticate.ts'
import { handle } from '../middleware/handle.ts'
import { loadUser } from '../middleware/load.ts'
import { requireAdmin } from '../middleware/require.ts'
import * as rules from './users.rules.ts'

/** `/api/users`: accounts. */
export const router = Router()

router.use(authenticate)

router
  .route('/me')
  .get(handle(users.readOwn))
  .patch(handle(rules.update, users.updateOwn))
  .delete(handle(rules.remove, users.removeOwn))

router.get('/me/activity', handle(rules.activity, activity.listOwn))

router.get('/', handle(rules.list, users.list))
router
  .route('/:userId')
  .get(loadUser, handle(users.read))
  .patch(requireAdmin, loadUser, handle(rules.administer, users.update))
  .delete(requireAdmin, loadUser, handle(users.remove))
