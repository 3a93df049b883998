import { Router } from 'express'
import * as scenes from '../../controllers/compat/scenes.ts'
import { authenticate } from '../../middleware/authenticate.ts'
import { handle } from '../../middleware/handle.ts'
import { neverCompress } from '../../middleware/send-json.ts'
import { upload } from '../../middleware/upload.ts'
import * as rules from './scenes.rules.ts'

const ONE_FILE = { files: { min: 1, max: 1, field: 'file' } }

/** Routes of the earlier scene editor. */
export const router = Router()

router.post('/login', neverCompress, handle(rules.login, scenes.login))
router.post('/user', neverCompress, handle(rules.user, scenes.createUser))
router.get('/user/:userId', authenticate, handle(scenes.readUser))

router.post('/base', authenticate, upload(ONE_FILE, handle(rules.place('base', 'baseImage'), scenes.place)))
router.post(
  '/overlay',
  authenticate,
  upload(ONE_FILE, handle(rules.place('overlay', 'overlayImage'), scenes.place)),
)
