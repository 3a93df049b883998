import { Router } from 'express'
import * as controller from '../controllers/health.ts'

export const health = Router()

health.get('/healthz', controller.alive)
health.get('/readyz', controller.ready)
