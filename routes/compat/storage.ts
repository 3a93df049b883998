import { Router } from 'express'
import * as controller from '../../controllers/compat/storage.ts'
import {
  authenticate,
  authenticateByField,
  authenticateOptional,
  takeToken,
} from '../../middleware/authenticate.ts'
import { discardUpload } from '../../middleware/discard-upload.ts'
import { handle } from '../../middleware/handle.ts'
import { parseForm } from '../../middleware/parse-body.ts'
import { upload } from '../../middleware/upload.ts'
import * as rules from './storage.rules.ts'

const ONE_FILE = { files: { min: 1, max: 1, field: 'file' } }

/** The doors that clients of the former storage service know. */
export const storage = Router()

storage.use(['/create', '/login', '/auth', '/upload', '/remove'], parseForm)

storage.post('/create', handle(rules.create, controller.create))
storage.post('/login', takeToken, authenticateOptional, handle(rules.login, controller.login))
storage.post('/auth', takeToken, authenticateOptional, handle(rules.login, controller.login))
storage.post(
  '/upload',
  takeToken,
  authenticateOptional,
  upload(ONE_FILE, { authenticateByField }),
  handle(rules.upload, controller.upload),
  discardUpload,
)
storage.post('/remove', takeToken, authenticate, handle(rules.remove, controller.remove))
