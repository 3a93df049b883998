import { Router } from 'express'
import * as activity from '../controllers/activity.ts'
import * as assets from '../controllers/admin-assets.ts'
import { authenticate } from '../middleware/authenticate.ts'
import { handle } from '../middleware/handle.ts'
import { loadAnyAsset } from '../middleware/load.ts'
import { requireAdmin } from '../middleware/require.ts'
import * as rules from './users.rules.ts'

/** `/api/admin`: what only admins do. */
export const admin = Router()
admin.use(authenticate, requireAdmin)
admin.param('assetId', loadAnyAsset)

admin.get('/activity', handle(rules.activity, activity.listAll))

admin.get('/assets/:assetId', handle(assets.read))
admin.delete('/assets/:assetId', handle(assets.remove))
admin.delete('/assets/:assetId/lock', handle(assets.unlock))
