import { Router } from 'express'
import { useBareErrors } from '../middleware/envelope.ts'
import { refuseUnclearHost, refuseUnprepared, refuseWhenStopping } from '../middleware/refuse.ts'
import { router as admin } from './admin.ts'
import { router as assets } from './assets.ts'
import { router as auth } from './auth.ts'
import { router as changes } from './changes.ts'
import { router as images } from './compat/images.ts'
import { router as kumo, PATHS as kumoPaths } from './compat/kumo.ts'
import { router as scenes } from './compat/scenes.ts'
import { router as storage } from './compat/storage.ts'
import { router as docs } from './docs.ts'
import { router as files } from './files.ts'
import { router as links } from './links.ts'
import { router as monitoring } from './monitoring.ts'
import { router as projects } from './projects.ts'
import { router as signedUrls } from './signed-urls.ts'
import { router as space } from './space.ts'
import { router as tags } from './tags.ts'
import { router as users } from './users.ts'
import { router as web } from './web.ts'

/** All routes of the service. */
export const routes = Router()

routes.use(kumoPaths, useBareErrors)
routes.use(refuseUnclearHost)
routes.use(monitoring)
routes.use(docs)
routes.use(web)
routes.use(refuseUnprepared)
routes.use(refuseWhenStopping)
// Answers are private to the caller. A controller that allows caching replaces this header.
routes.use((_req, res, next) => {
  res.set('Cache-Control', 'no-store')
  next()
})
routes.use('/api/admin', admin)
routes.use('/api/assets', assets)
routes.use('/api/auth', auth)
routes.use('/api/changes', changes)
routes.use('/api/files', files)
routes.use('/api/links', links)
routes.use('/api/projects', projects)
routes.use('/api/signed', signedUrls)
routes.use('/api/space', space)
routes.use('/api/tags', tags)
routes.use('/api/users', users)

// routes of earlier services
routes.use('/api', storage)
routes.use('/images', images)
routes.use(scenes)
routes.use(kumo)
