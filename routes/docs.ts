import { Router } from 'express'
import { contentSecurityPolicy } from 'helmet'
import { docsPolicy } from '../config/docs-policy.ts'
import { openApi, send } from '../controllers/docs.ts'

export const docs = Router()

docs.get('/openapi.json', openApi)
docs.get('/docs', contentSecurityPolicy(docsPolicy), send('#docs/page/index.html'))
docs.get('/docs/start.js', send('#docs/page/start.js'))
docs.get('/docs/swagger-ui.css', send('swagger-ui-dist/swagger-ui.css'))
docs.get('/docs/swagger-ui-bundle.js', send('swagger-ui-dist/swagger-ui-bundle.js'))
