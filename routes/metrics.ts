import { Router } from 'express'
import * as controller from '../controllers/metrics.ts'

export const metrics = Router()

metrics.get('/metrics', controller.read)
