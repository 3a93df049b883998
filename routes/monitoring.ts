import { Router } from 'express'
import * as monitoring from '../controllers/monitoring.ts'

/** Routes for load balancers and Prometheus. */
export const router = Router()

router.get('/healthz', monitoring.alive)
router.get('/readyz', monitoring.ready)
router.get('/metrics', monitoring.metrics)
