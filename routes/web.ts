import { Router } from 'express'
import { describe } from '../controllers/monitoring.ts'
import * as web from '../controllers/web.ts'

/** The web client. Its pages are no routes of the API: they share paths with some, and only browsers ask for them. */
export const router = Router()

router.use('/web', web.sendFile)
router.use(web.sendPage)
router.get('/', describe)
