import { Router } from 'express'
import * as controller from '../../controllers/compat/scenes.ts'
import { authenticate } from '../../middleware/authenticate.ts'
import { discardUpload } from '../../middleware/discard-upload.ts'
import { handle } from '../../middleware/handle.ts'
import { parseForm } from '../../middleware/parse-body.ts'
import { upload } from '../../middleware/upload.ts'
import * as rules from './scenes.rules.ts'

const ONE_FILE = { files: { min: 1, max: 1, field: 'file' } }

/** The doors that the former scene editor knows. */
export const scenes = Router()

scenes.use(['/login', '/user'], parseForm)

scenes.post('/login', handle(rules.login, controller.login))
scenes.post('/user', handle(rules.user, controller.createUser))
scenes.get('/user/:userId', authenticate, handle(controller.readUser))

scenes.post(
  '/base',
  authenticate,
  upload(ONE_FILE),
  handle(rules.place('base', 'baseImage'), controller.place),
  discardUpload,
)
scenes.post(
  '/overlay',
  authenticate,
  upload(ONE_FILE),
  handle(rules.place('overlay', 'overlayImage'), controller.place),
  discardUpload,
)
