import { Router } from 'express'
import * as controller from '../../controllers/compat/images.ts'
import { authenticate } from '../../middleware/authenticate.ts'
import { discardUpload } from '../../middleware/discard-upload.ts'
import { handle, validate } from '../../middleware/handle.ts'
import { loadAsset } from '../../middleware/load.ts'
import { requireFiles } from '../../middleware/require.ts'
import { upload } from '../../middleware/upload.ts'
import * as rules from './images.rules.ts'

const ONE_IMAGE = { files: { min: 1, max: 1, field: 'image' } }

/** `/images`: the doors that clients of the former images service know. */
export const images = Router()

images.use(authenticate)
images.param('assetId', loadAsset)

images.get('/', handle(rules.list, controller.list))
images.post(
  '/',
  upload(ONE_IMAGE),
  validate(),
  requireFiles('an image', ({ media }) => media === 'image'),
  handle(controller.create),
  discardUpload,
)
images.get('/:assetId', handle(controller.read))
