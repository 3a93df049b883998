import { Router } from 'express'
import { contentSecurityPolicy } from 'helmet'
import { docsPolicy } from '../config/docs-policy.ts'
import * as docs from '../controllers/docs.ts'

/** The OpenAPI document and the page that shows it. */
export const router = Router()

router.get('/openapi.json', docs.openApi)
router.get('/docs', contentSecurityPolicy(docsPolicy), docs.sendPage('#docs/page/index.html'))
router.get('/docs/start.js', docs.send('#docs/page/start.js'))
router.get('/docs/swagger-ui.css', docs.send('swagger-ui-dist/swagger-ui.css'))
router.get('/docs/swagger-ui-bundle.js', docs.send('swagger-ui-dist/swagger-ui-bundle.js'))
