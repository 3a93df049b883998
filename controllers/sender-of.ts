import type { Request } from 'express'
import type { Sender } from '../app/auth/sender.ts'
import { required } from './required.ts'

/** Returns the signed-in user of a request and their session. */
export const senderOf = ({ user, session }: Request): Sender => ({
  user: required(user),
  session: required(session),
})
