import { Router } from 'express'
import * as activity from '../controllers/activity.ts'
import * as controller from '../controllers/users.ts'
import { authenticate } from '../middleware/authenticate.ts'
import { check } from '../middleware/check.ts'
import { loadUser } from '../middleware/load-user.ts'
import { mustBeAdmin } from '../middleware/must-be-admin.ts'
import * as rules from './users.rules.ts'

/** `/api/users`: accounts. */
export const users = Router()

users.use(authenticate)

users
  .route('/me')
  .get(check(), controller.readOwn)
  .patch(check(rules.update), controller.updateOwn)
  .delete(check(rules.remove), controller.removeOwn)

users.get('/me/activity', check(rules.activity), activity.listOwn)

users.get('/', check(rules.list), controller.list)
users
  .route('/:userId')
  .get(loadUser, check(), controller.read)
  .patch(mustBeAdmin, loadUser, check(rules.administer), controller.update)
  .delete(mustBeAdmin, loadUser, check(), controller.remove)
