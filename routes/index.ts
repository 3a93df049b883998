import { Router } from 'express'
import { health } from './health.ts'

/** Every door of the house. */
export const routes = Router()

routes.use(health)
