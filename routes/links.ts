import { Router } from 'express'
import * as assetFiles from '../controllers/asset-files.ts'
import * as assetImages from '../controllers/asset-images.ts'
import * as assetLinks from '../controllers/asset-links.ts'
import * as assets from '../controllers/assets.ts'
import * as signedUrls from '../controllers/signed-urls.ts'
import { authenticate } from '../middleware/authenticate.ts'
import { handle } from '../middleware/handle.ts'
import { loadLink } from '../middleware/load.ts'
import * as sharing from './asset-sharing.rules.ts'
import * as rules from './assets.rules.ts'

/** `/api/links`: the caller's links; `/api/links/:token`: a shared asset and its files, for everybody who has the link. */
export const router = Router()
router.get('/', authenticate, handle(sharing.links, assetLinks.listOwn))

router.param('token', loadLink)

router.get('/:token', handle(rules.read, assets.read))
router.get('/:token/url', handle(rules.signedUrl, signedUrls.createByLink))
router.get('/:token/download', handle(rules.bytes, assetFiles.download))
router.get('/:token/files/:fileId', handle(rules.bytes, assetFiles.open))
router.get('/:token/images/:imageId', handle(assetImages.open))
