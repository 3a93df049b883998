import { Router } from 'express'
import * as controller from '../../controllers/compat/storage.ts'
import { authenticate, identify } from '../../middleware/authenticate.ts'
import { discardUpload } from '../../middleware/discard-upload.ts'
import { handle } from '../../middleware/handle.ts'
import { parseForm } from '../../middleware/parse-form.ts'
import { authenticateByField, takeToken } from '../../middleware/take-token.ts'
import { upload } from '../../middleware/upload.ts'
import * as rules from './storage.rules.ts'

const ONE_FILE = { files: { min: 1, max: 1, field: 'file' } }

/** The doors that clients of the former storage service know. */
export const storage = Router()

storage.use(['/create', '/login', '/auth', '/upload', '/remove'], parseForm)

storage.post('/create', handle(rules.create, controller.create))
storage.post('/login', takeToken, identify, handle(rules.login, controller.login))
storage.post('/auth', takeToken, identify, handle(rules.login, controller.login))
storage.post(
  '/upload',
  takeToken,
  identify,
  upload(ONE_FILE, { authenticateByField }),
  handle(rules.upload, controller.upload),
  discardUpload,
)
storage.post('/remove', takeToken, authenticate, handle(rules.remove, controller.remove))
