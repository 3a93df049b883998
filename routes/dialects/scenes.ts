import { Router } from 'express'
import * as controller from '../../controllers/dialects/scenes.ts'
import { admitNewPhone } from '../../middleware/admit-new-phone.ts'
import { authenticate, verifyLogin } from '../../middleware/authenticate.ts'
import { check } from '../../middleware/check.ts'
import { discardUpload } from '../../middleware/discard-upload.ts'
import { loadNamedProject } from '../../middleware/load-named-project.ts'
import { parseForm } from '../../middleware/parse-form.ts'
import { upload } from '../../middleware/upload.ts'
import * as rules from './scenes.rules.ts'

const ONE_FILE = { files: { min: 1, max: 1, field: 'file' } }

/** The doors that the former scene editor knows. */
export const scenes = Router()

scenes.use(['/login', '/user'], parseForm)

scenes.post('/login', check(rules.login), admitNewPhone, verifyLogin, controller.login)
scenes.post('/user', check(rules.user), controller.createUser)
scenes.get('/user/:userId', authenticate, check(), controller.readUser)

scenes.post(
  '/base',
  authenticate,
  upload(ONE_FILE),
  check(rules.place('base', 'baseImage')),
  loadNamedProject,
  controller.place,
  discardUpload,
)
scenes.post(
  '/overlay',
  authenticate,
  upload(ONE_FILE),
  check(rules.place('overlay', 'overlayImage')),
  loadNamedProject,
  controller.place,
  discardUpload,
)
