import { Router } from 'express'
import * as controller from '../controllers/signed-urls.ts'
import { handle } from '../middleware/handle.ts'

/** `/api/signed/:token`: one file or picture, for whoever has the address. */
export const signedUrls = Router()

signedUrls.get('/:token', handle(controller.open))
