import { Router } from 'express'
import * as activity from '../controllers/activity.ts'
import * as assets from '../controllers/admin-assets.ts'
import { authenticate } from '../middleware/authenticate.ts'
import { check } from '../middleware/check.ts'
import { loadAnyAsset } from '../middleware/load-any-asset.ts'
import { mustBeAdmin } from '../middleware/must-be-admin.ts'
import { page } from './rules/page.ts'

/** `/api/admin`: what only admins do. */
export const admin = Router()
admin.use(authenticate, mustBeAdmin)
admin.param('assetId', loadAnyAsset)

admin.get('/activity', check(page()), activity.listAll)

admin.get('/assets/:assetId', check(), assets.read)
admin.delete('/assets/:assetId', check(), assets.remove)
admin.delete('/assets/:assetId/lock', check(), assets.unlock)
