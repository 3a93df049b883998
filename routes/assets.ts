import { Router } from 'express'
import * as assetFiles from '../controllers/asset-files.ts'
import * as assetImages from '../controllers/asset-images.ts'
import * as assets from '../controllers/assets.ts'
import * as signedUrls from '../controllers/signed-urls.ts'
import { authenticate, authenticateOptional } from '../middleware/authenticate.ts'
import { handle } from '../middleware/handle.ts'
import { loadAsset } from '../middleware/load.ts'
import { matchVersion } from '../middleware/match-version.ts'
import { refuseLocked, refuseReplacement } from '../middleware/refuse.ts'
import { requireAccess } from '../middleware/require.ts'
import { upload } from '../middleware/upload.ts'
import { FILES, IMAGES } from '../models/asset.ts'
import { router as sharing } from './asset-sharing.ts'
import * as rules from './assets.rules.ts'

const NEW_ASSET = { files: FILES, images: { ...IMAGES, min: 0 }, isRepeatable: true } as const
const NEW_FILES = { files: FILES }
const NEW_IMAGES = { images: { ...IMAGES, min: 1 } }

/** `/api/assets`: assets and their files. */
export const router = Router()
router.use(authenticateOptional)
router.param('assetId', loadAsset)

router.get('/', handle(rules.search, assets.list))
router.get('/suggest', handle(rules.suggest, assets.suggest))
// other methods: this is no id of an asset
router.use('/suggest', (_req, _res, next) => next('router'))
router.post('/', authenticate, upload(NEW_ASSET, handle(rules.create, assets.create)))

router.get('/:assetId', handle(rules.read, assets.read))
router.patch('/:assetId', requireAccess('write'), matchVersion, handle(rules.update, assets.update))
router.delete('/:assetId', requireAccess('owner'), matchVersion, handle(rules.remove, assets.remove))

router.get('/:assetId/download', handle(rules.bytes, assetFiles.download))
router.get('/:assetId/files/:fileId', handle(rules.bytes, assetFiles.open))
router.get('/:assetId/url', requireAccess('read'), handle(rules.signedUrl, signedUrls.create))
router.put(
  '/:assetId/files',
  requireAccess('write'),
  refuseLocked,
  matchVersion,
  refuseReplacement,
  upload(NEW_FILES, handle(assetFiles.replace)),
)

router.get('/:assetId/images/:imageId', handle(assetImages.open))
router.post(
  '/:assetId/images',
  requireAccess('write'),
  refuseLocked,
  matchVersion,
  upload(NEW_IMAGES, handle(assetImages.add)),
)
router.delete('/:assetId/images/:imageId', requireAccess('write'), matchVersion, handle(assetImages.remove))

router.use('/:assetId', sharing)
