import { Router } from 'express'
import * as files from '../controllers/asset-files.ts'
import * as images from '../controllers/asset-images.ts'
import * as assetsController from '../controllers/assets.ts'
import * as signedUrls from '../controllers/signed-urls.ts'
import { authenticate, identify } from '../middleware/authenticate.ts'
import { check } from '../middleware/check.ts'
import { discardUpload } from '../middleware/discard-upload.ts'
import { loadAsset } from '../middleware/load-asset.ts'
import { matchVersion } from '../middleware/match-version.ts'
import { must } from '../middleware/must.ts'
import { refuseLocked } from '../middleware/refuse-locked.ts'
import { upload } from '../middleware/upload.ts'
import { FILES, IMAGES } from '../models/asset.ts'
import { sharing } from './asset-sharing.ts'
import * as rules from './assets.rules.ts'

const NEW_ASSET = { files: FILES, images: { ...IMAGES, min: 0 } }
const NEW_FILES = { files: FILES }
const NEW_IMAGES = { images: { ...IMAGES, min: 1 } }

export const assets = Router()
assets.use(identify)
assets.param('assetId', loadAsset)

assets.get('/', check(rules.search), assetsController.list)
assets.post('/', authenticate, upload(NEW_ASSET), check(rules.create), assetsController.create, discardUpload)

assets.get('/:assetId', check(), assetsController.read)
assets.patch('/:assetId', must('write'), matchVersion, check(rules.update), assetsController.update)
assets.delete('/:assetId', must('owner'), matchVersion, check(rules.remove), assetsController.remove)

assets.get('/:assetId/download', check(rules.bytes), files.download)
assets.get('/:assetId/files/:fileId', check(rules.bytes), files.open)
assets.get('/:assetId/url', must('read'), check(rules.signedUrl), signedUrls.create)
assets.put(
  '/:assetId/files',
  must('write'),
  refuseLocked,
  matchVersion,
  upload(NEW_FILES),
  check(),
  files.replace,
  discardUpload,
)

assets.get('/:assetId/images/:imageId', check(), images.open)
assets.post(
  '/:assetId/images',
  must('write'),
  refuseLocked,
  matchVersion,
  upload(NEW_IMAGES),
  check(),
  images.add,
  discardUpload,
)
assets.delete('/:assetId/images/:imageId', must('write'), matchVersion, check(), images.remove)

assets.use('/:assetId', sharing)
