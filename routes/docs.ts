import { Router } from 'express'
import { contentSecurityPolicy } from 'helmet'
import { docsPolicy } from '../config/docs-policy.ts'
import { openApi, send } from '../controllers/docs.ts'

/** Swagger UI's own files. swagger-ui-dist would bring a package that reports each installation home. */
const SWAGGER_UI = '@fastify/swagger-ui/static'

export const docs = Router()

docs.get('/openapi.json', openApi)
docs.get('/docs', contentSecurityPolicy(docsPolicy), send('#docs/page/index.html'))
docs.get('/docs/start.js', send('#docs/page/start.js'))
docs.get('/docs/swagger-ui.css', send(`${SWAGGER_UI}/swagger-ui.css`))
docs.get('/docs/swagger-ui-bundle.js', send(`${SWAGGER_UI}/swagger-ui-bundle.js`))
