import { Router } from 'express'
import * as controller from '../controllers/space.ts'
import { authenticate } from '../middleware/authenticate.ts'
import { handle } from '../middleware/handle.ts'

export const space = Router()

space.get('/', authenticate, handle(controller.read))
