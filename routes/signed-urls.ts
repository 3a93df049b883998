import { Router } from 'express'
import * as controller from '../controllers/signed-urls.ts'
import { check } from '../middleware/check.ts'

/** `/api/signed/:token`: one file or picture, for whoever has the address. */
export const signedUrls = Router()

signedUrls.get('/:token', check(), controller.open)
