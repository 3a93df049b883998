import { Router } from 'express'
import * as monitoring from '../controllers/monitoring.ts'

/** Routes for load balancers, Prometheus and clients that want to know the service. */
export const router = Router()

router.get('/healthz', monitoring.alive)
router.get('/readyz', monitoring.ready)
router.get('/api', monitoring.describe)
router.get('/metrics', monitoring.metrics)
