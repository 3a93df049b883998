import type { SessionFields } from '../models/session.ts'
import type { UserDocument } from '../models/user.ts'
import type { Services } from './services.ts'

/** What the middleware adds to a request, each by the one named beside it. */
declare global {
  namespace Express {
    interface User extends UserDocument {}
    interface Request {
      /** `createApp` */
      services: Services
      /** `check`: the request's fields that passed the rules, in the shape the rules file states. */
      valid: unknown
      /** `authenticate` */
      session?: SessionFields
    }
  }
}
