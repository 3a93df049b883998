import { Router } from 'express'
import * as changes from '../controllers/changes.ts'
import { authenticate } from '../middleware/authenticate.ts'
import { handle } from '../middleware/handle.ts'
import * as rules from './changes.rules.ts'

/** `/api/changes`: changes of the assets that the caller can read. */
export const router = Router()

router.get('/', authenticate, handle(rules.list, changes.list))
