import { Router } from 'express'
import * as auth from '../controllers/auth.ts'
import * as sessions from '../controllers/sessions.ts'
import { authenticate, verifyLogin } from '../middleware/authenticate.ts'
import { handle, validate } from '../middleware/handle.ts'
import { neverCompress } from '../middleware/send-json.ts'
import * as rules from './auth.rules.ts'

/** `/api/auth`: registration, sign-in and sessions. */
export const router = Router()
router.use(neverCompress)

router.post('/register', handle(rules.register, auth.register))
router.post('/login', validate(rules.login), verifyLogin, handle(rules.login, auth.login))
router.post('/logout', authenticate, handle(auth.logout))
router.put('/password', authenticate, handle(rules.changePassword, auth.changePassword))

router.get('/session', authenticate, handle(sessions.current))
router.get('/sessions', authenticate, handle(rules.sessions, sessions.list))
router.delete('/sessions/:sessionId', authenticate, handle(sessions.revoke))
