import { Router } from 'express'
import { refuseUnprepared, refuseWhenStopping } from '../middleware/refuse.ts'
import { admin } from './admin.ts'
import { assets } from './assets.ts'
import { auth } from './auth.ts'
import { images } from './compat/images.ts'
import { scenes } from './compat/scenes.ts'
import { storage } from './compat/storage.ts'
import { docs } from './docs.ts'
import { health } from './health.ts'
import { links } from './links.ts'
import { metrics } from './metrics.ts'
import { projects } from './projects.ts'
import { signedUrls } from './signed-urls.ts'
import { space } from './space.ts'
import { users } from './users.ts'

/** Every door of the house. */
export const routes = Router()

routes.use(health)
routes.use(metrics)
routes.use(docs)
routes.use(refuseUnprepared)
routes.use(refuseWhenStopping)
routes.use((_req, res, next) => {
  res.set('Cache-Control', 'no-store')
  next()
})
routes.use('/api/admin', admin)
routes.use('/api/assets', assets)
routes.use('/api/auth', auth)
routes.use('/api/links', links)
routes.use('/api/projects', projects)
routes.use('/api/signed', signedUrls)
routes.use('/api/space', space)
routes.use('/api/users', users)

// what clients of former services know
routes.use('/api', storage)
routes.use('/images', images)
routes.use(scenes)
