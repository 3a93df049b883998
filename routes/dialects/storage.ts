import { Router } from 'express'
import * as controller from '../../controllers/dialects/storage.ts'
import { authenticate, identify } from '../../middleware/authenticate.ts'
import { check } from '../../middleware/check.ts'
import { discardUpload } from '../../middleware/discard-upload.ts'
import { loadNamedAsset } from '../../middleware/load-named-asset.ts'
import { must } from '../../middleware/must.ts'
import { parseForm } from '../../middleware/parse-form.ts'
import { authenticateByField, takeToken } from '../../middleware/take-token.ts'
import { upload } from '../../middleware/upload.ts'
import * as rules from './storage.rules.ts'

const ONE_FILE = { files: { min: 1, max: 1, field: 'file' } }

/** The doors that clients of the former storage service know. */
export const storage = Router()

storage.use(['/create', '/login', '/auth', '/upload', '/remove'], parseForm)

storage.post('/create', check(rules.create), controller.create)
storage.post('/login', takeToken, identify, check(rules.login), controller.login)
storage.post('/auth', takeToken, identify, check(rules.login), controller.login)
storage.post(
  '/upload',
  takeToken,
  identify,
  upload(ONE_FILE, { authenticateByField }),
  check(rules.upload),
  controller.upload,
  discardUpload,
)
storage.post(
  '/remove',
  takeToken,
  authenticate,
  check(rules.remove),
  loadNamedAsset,
  must('owner'),
  controller.remove,
)
