import { Router } from 'express'
import * as files from '../controllers/asset-files.ts'
import * as images from '../controllers/asset-images.ts'
import * as assetsController from '../controllers/assets.ts'
import * as signedUrls from '../controllers/signed-urls.ts'
import { authenticate, authenticateOptional } from '../middleware/authenticate.ts'
import { discardUpload } from '../middleware/discard-upload.ts'
import { handle } from '../middleware/handle.ts'
import { loadAsset } from '../middleware/load.ts'
import { matchVersion } from '../middleware/match-version.ts'
import { refuseLocked } from '../middleware/refuse.ts'
import { requireAccess } from '../middleware/require.ts'
import { upload } from '../middleware/upload.ts'
import { FILES, IMAGES } from '../models/asset.ts'
import { sharing } from './asset-sharing.ts'
import * as rules from './assets.rules.ts'

const NEW_ASSET = { files: FILES, images: { ...IMAGES, min: 0 } }
const NEW_FILES = { files: FILES }
const NEW_IMAGES = { images: { ...IMAGES, min: 1 } }

export const assets = Router()
assets.use(authenticateOptional)
assets.param('assetId', loadAsset)

assets.get('/', handle(rules.search, assetsController.list))
assets.post(
  '/',
  authenticate,
  upload(NEW_ASSET),
  handle(rules.create, assetsController.create),
  discardUpload,
)

assets.get('/:assetId', handle(assetsController.read))
assets.patch('/:assetId', requireAccess('write'), matchVersion, handle(rules.update, assetsController.update))
assets.delete(
  '/:assetId',
  requireAccess('owner'),
  matchVersion,
  handle(rules.remove, assetsController.remove),
)

assets.get('/:assetId/download', handle(rules.bytes, files.download))
assets.get('/:assetId/files/:fileId', handle(rules.bytes, files.open))
assets.get('/:assetId/url', requireAccess('read'), handle(rules.signedUrl, signedUrls.create))
assets.put(
  '/:assetId/files',
  requireAccess('write'),
  refuseLocked,
  matchVersion,
  upload(NEW_FILES),
  handle(files.replace),
  discardUpload,
)

assets.get('/:assetId/images/:imageId', handle(images.open))
assets.post(
  '/:assetId/images',
  requireAccess('write'),
  refuseLocked,
  matchVersion,
  upload(NEW_IMAGES),
  handle(images.add),
  discardUpload,
)
assets.delete('/:assetId/images/:imageId', requireAccess('write'), matchVersion, handle(images.remove))

assets.use('/:assetId', sharing)
