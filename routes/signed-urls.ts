import { Router } from 'express'
import * as signedUrls from '../controllers/signed-urls.ts'
import { handle } from '../middleware/handle.ts'
import * as rules from './assets.rules.ts'

/** `/api/signed/:token`: one file or picture, for everybody who has the URL. */
export const router = Router()

router.get('/:token', handle(rules.signedBytes, signedUrls.open))
