import { Router } from 'express'
import * as controller from '../controllers/space.ts'
import { authenticate } from '../middleware/authenticate.ts'
import { check } from '../middleware/check.ts'

export const space = Router()

space.get('/', authenticate, check(), controller.read)
