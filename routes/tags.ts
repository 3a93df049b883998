import { Router } from 'express'
import * as tags from '../controllers/tags.ts'
import { authenticate, authenticateOptional } from '../middleware/authenticate.ts'
import { handle } from '../middleware/handle.ts'
import * as rules from './tags.rules.ts'

/** `/api/tags`: the tags of assets. */
export const router = Router()

router.get('/', authenticateOptional, handle(rules.list, tags.list))
router
  .route('/:tag')
  .patch(authenticate, handle(rules.rename, tags.rename))
  .delete(authenticate, handle(tags.remove))
