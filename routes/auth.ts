import { Router } from 'express'
import * as controller from '../controllers/auth.ts'
import * as sessions from '../controllers/sessions.ts'
import { authenticate, verifyLogin } from '../middleware/authenticate.ts'
import { check } from '../middleware/check.ts'
import * as rules from './auth.rules.ts'

/** `/api/auth`: who one is, and for how long. */
export const auth = Router()

auth.post('/register', check(rules.register), controller.register)
auth.post('/login', check(rules.login), verifyLogin, controller.login)
auth.post('/logout', authenticate, check(), controller.logout)
auth.put('/password', authenticate, check(rules.changePassword), controller.changePassword)

auth.get('/session', authenticate, check(), sessions.current)
auth.get('/sessions', authenticate, check(rules.sessions), sessions.list)
auth.delete('/sessions/:sessionId', authenticate, check(), sessions.revoke)
