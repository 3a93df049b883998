import { Router } from 'express'
import * as controller from '../controllers/auth.ts'
import * as sessions from '../controllers/sessions.ts'
import { authenticate, verifyLogin } from '../middleware/authenticate.ts'
import { handle, validate } from '../middleware/handle.ts'
import * as rules from './auth.rules.ts'

/** `/api/auth`: who one is, and for how long. */
export const auth = Router()

auth.post('/register', handle(rules.register, controller.register))
auth.post('/login', validate(rules.login), verifyLogin, handle(rules.login, controller.login))
auth.post('/logout', authenticate, handle(controller.logout))
auth.put('/password', authenticate, handle(rules.changePassword, controller.changePassword))

auth.get('/session', authenticate, handle(sessions.current))
auth.get('/sessions', authenticate, handle(rules.sessions, sessions.list))
auth.delete('/sessions/:sessionId', authenticate, handle(sessions.revoke))
