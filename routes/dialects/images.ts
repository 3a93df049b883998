import { Router } from 'express'
import * as controller from '../../controllers/dialects/images.ts'
import { authenticate } from '../../middleware/authenticate.ts'
import { check } from '../../middleware/check.ts'
import { discardUpload } from '../../middleware/discard-upload.ts'
import { loadAsset } from '../../middleware/load-asset.ts'
import { mustHold } from '../../middleware/must-hold.ts'
import { upload } from '../../middleware/upload.ts'
import { LIMIT, page } from '../rules/page.ts'

const ONE_IMAGE = { files: { min: 1, max: 1, field: 'image' } }

/** `/images`: the doors that clients of the former images service know. */
export const images = Router()

images.use(authenticate)
images.param('assetId', loadAsset)

// old clients read one page
images.get('/', check(page(LIMIT.max)), controller.list)
images.post(
  '/',
  upload(ONE_IMAGE),
  check(),
  mustHold('an image', ({ media }) => media === 'image'),
  controller.create,
  discardUpload,
)
images.get('/:assetId', check(), controller.read)
