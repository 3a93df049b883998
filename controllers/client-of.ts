import type { Request } from 'express'
import type { Client } from '../app/auth/begin-session.ts'

/** From where a request comes. */
export const clientOf = (req: Request): Client => ({ address: req.ip, userAgent: req.get('User-Agent') })
