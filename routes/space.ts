import { Router } from 'express'
import * as users from '../controllers/users.ts'
import { authenticate } from '../middleware/authenticate.ts'
import { handle } from '../middleware/handle.ts'

/** `/api/space`: the quota and the usage of the caller. */
export const router = Router()

router.get('/', authenticate, handle(users.readSpace))
