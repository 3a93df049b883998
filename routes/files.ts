import { Router } from 'express'
import * as assets from '../controllers/assets.ts'
import { authenticate } from '../middleware/authenticate.ts'
import { handle, validate } from '../middleware/handle.ts'
import { rawUpload, readFileName, refuseUnnamed, takeRawBody } from '../middleware/raw-upload.ts'
import * as rules from './assets.rules.ts'

/** `/api/files`: uploads whose body is the file itself, as `curl -T` sends it. */
export const router = Router()
router.use(authenticate)
router.use(readFileName)

router.put('/', refuseUnnamed)
router.put(
  '/:filename',
  takeRawBody,
  validate(rules.createFromBytes),
  rawUpload(handle(rules.createFromBytes, assets.create)),
)
