import { Router } from 'express'
import * as images from '../../controllers/compat/images.ts'
import { authenticate } from '../../middleware/authenticate.ts'
import { handle } from '../../middleware/handle.ts'
import { loadAsset } from '../../middleware/load.ts'
import { upload } from '../../middleware/upload.ts'
import * as rules from './images.rules.ts'

const ONE_IMAGE = { files: { min: 1, max: 1, field: 'image' } }

/** `/images`: routes of the earlier images service. */
export const router = Router()

router.use(authenticate)
router.param('assetId', loadAsset)

router.get('/', handle(rules.list, images.list))
router.post('/', upload(ONE_IMAGE, handle(images.create)))
router.get('/:assetId', handle(images.read))
