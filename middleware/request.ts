import type { Context } from '../app/context.ts'
import type { KeyClaim } from '../app/uploads/key-claim.ts'
import type { SentFile } from '../app/uploads/multipart-rewriter.ts'
import type { ReceivedUpload } from '../app/uploads/upload-session.ts'
import type { Caller } from '../models/asset-access.ts'
import type { Whole } from '../models/file-set.ts'
import type { LinkFields } from '../models/link.ts'
import type { ProjectFields } from '../models/project.ts'
import type { SessionFields } from '../models/session.ts'
import type { UserDocument, UserFields } from '../models/user.ts'
import type { createPassport } from './authenticate.ts'
import type { ErrorFormat } from './envelope.ts'

/** Properties that middleware adds to a request. The comment of each names that middleware. */
declare global {
  namespace Express {
    interface User extends Caller {}
    interface Request {
      /** `assignRequestId` */
      id: string
      /** `createApp` */
      context: Context
      /** `createApp` */
      passport: ReturnType<typeof createPassport>
      /** `useBareErrors` */
      errorFormat?: ErrorFormat
      /** `authenticate` */
      session?: SessionFields
      /** `verifyLogin` */
      verified?: UserDocument
      /** `loadUser` */
      account?: UserFields
      /** `loadAsset`, `loadAnyAsset` */
      asset?: Whole
      /** `loadProject` */
      project?: ProjectFields
      /** `loadLink` */
      link?: LinkFields
      /** `matchVersion` */
      expectedVersion?: number
      /** `parseBody`, `upload`: whether the fields of the body are texts */
      isForm?: boolean
      /** `nestForms` */
      nestsForms?: boolean
      /** `upload`, `rawUpload` */
      upload?: ReceivedUpload
      /** `upload`, `rawUpload` */
      sentFiles?: SentFile[]
      /** `uploadRoute` */
      keyClaim?: KeyClaim
      /** `uploadRoute`: the asset in the answer to the first request with the same key, as JSON */
      firstAnswer?: string
      /** `readFileName` */
      fileName?: string
    }
  }
}
