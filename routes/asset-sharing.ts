import { Router } from 'express'
import * as assetLinks from '../controllers/asset-links.ts'
import * as assets from '../controllers/assets.ts'
import { collaboratorsOf } from '../controllers/collaborators.ts'
import { handle } from '../middleware/handle.ts'
import { validateUsername } from '../middleware/load.ts'
import { matchVersion } from '../middleware/match-version.ts'
import { requireAccess } from '../middleware/require.ts'
import { neverCompress } from '../middleware/send-json.ts'
import { Asset } from '../models/asset.ts'
import * as rules from './asset-sharing.rules.ts'

const collaborators = collaboratorsOf({ type: 'asset', model: Asset }, ({ asset }) => asset)

/** `/api/assets/:assetId`: routes that only the owner of the asset can use: collaborators, links and locks. */
export const router = Router({ mergeParams: true })
router.use(['/collaborators', '/links', '/lock'], requireAccess('owner'))
router.param('username', validateUsername)

router.get('/collaborators', handle(collaborators.list))
router.put('/collaborators/:username', handle(rules.collaborator, collaborators.set))
router.delete('/collaborators/:username', handle(collaborators.remove))

router.get('/links', handle(rules.links, assetLinks.list))
router.post('/links', neverCompress, handle(rules.link, assetLinks.create))
router.patch('/links/:linkId', handle(rules.linkUpdate, assetLinks.update))
router.delete('/links/:linkId', handle(assetLinks.revoke))

router.put('/lock', matchVersion, handle(rules.lock, assets.lock))
router.delete('/lock', matchVersion, handle(assets.releaseLock))
