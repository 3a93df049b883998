import { Router } from 'express'
import * as activity from '../controllers/activity.ts'
import * as adminAssets from '../controllers/admin-assets.ts'
import { authenticate } from '../middleware/authenticate.ts'
import { handle } from '../middleware/handle.ts'
import { loadAnyAsset } from '../middleware/load.ts'
import { requireAdmin } from '../middleware/require.ts'
import * as rules from './users.rules.ts'

/** `/api/admin`: routes that only admins can use. */
export const router = Router()
router.use(authenticate, requireAdmin)
router.param('assetId', loadAnyAsset)

router.get('/activity', handle(rules.activity, activity.listAll))

router.get('/assets/:assetId', handle(adminAssets.read))
router.delete('/assets/:assetId', handle(adminAssets.remove))
router.delete('/assets/:assetId/lock', handle(adminAssets.unlock))
