import { Router } from 'express'
import * as storage from '../../controllers/compat/storage.ts'
import {
  authenticate,
  authenticateByField,
  authenticateOptional,
  authenticateOrSignIn,
  takeQueryToken,
  takeToken,
} from '../../middleware/authenticate.ts'
import { handle } from '../../middleware/handle.ts'
import { neverCompress } from '../../middleware/send-json.ts'
import { upload } from '../../middleware/upload.ts'
import * as rules from './storage.rules.ts'

const ONE_FILE = { files: { min: 1, max: 1, field: 'file' }, authenticateByField }

/** `/api`: routes of the earlier storage service. */
export const router = Router()

router.post('/create', handle(rules.create, storage.create))
router.post('/login', neverCompress, takeToken, authenticateOrSignIn, handle(rules.login, storage.login))
router.post('/auth', neverCompress, takeToken, authenticateOrSignIn, handle(rules.login, storage.login))
router.post(
  '/upload',
  takeQueryToken,
  authenticateOptional,
  upload(ONE_FILE, handle(rules.upload, storage.upload)),
)
router.post('/remove', takeToken, authenticate, handle(rules.remove, storage.remove))
