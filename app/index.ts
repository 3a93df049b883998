import cors from 'cors'
import express, { type Express } from 'express'
import helmet from 'helmet'
import { pinoHttp } from 'pino-http'
import { JSON_BYTES } from '../config/body-limits.ts'
import { corsOptions } from '../config/cors.ts'
import { requestLog } from '../config/logger.ts'
import { securityHeaders } from '../config/security-headers.ts'
import { identifyRequest } from '../middleware/assign-request-id.ts'
import { handleErrors } from '../middleware/error-handler.ts'
import { measure } from '../middleware/measure.ts'
import { refuseMethod } from '../middleware/method-not-allowed.ts'
import { refuseUnknown } from '../middleware/not-found.ts'
import { noteClientInfo } from '../middleware/note-client-info.ts'
import { parseInTime } from '../middleware/parse-in-time.ts'
import { createPassport } from '../middleware/passport.ts'
import { refuseWithoutHost } from '../middleware/refuse-without-host.ts'
import { routes } from '../routes/index.ts'
import { proxyTrust } from './auth/proxy-check.ts'
import type { Context } from './context.ts'
import '../middleware/request.ts'

/** The service as an Express application: the whole stack of middleware, in order. */
export function createApp(context: Context): Express {
  const { config, log } = context
  const app = express()
  app.set('trust proxy', proxyTrust(config.http.trustProxy))
  app.set('query parser', 'simple')
  app.set('etag', false)

  const passport = createPassport(context.tokens)
  app.use((req, _res, next) => {
    req.context = context
    req.passport = passport
    next()
  })
  app.use(identifyRequest)
  app.use(noteClientInfo)
  app.use(pinoHttp(requestLog(log)))
  app.use(measure)
  app.use(helmet(securityHeaders))
  app.use(cors(corsOptions(config.http)))
  app.use(refuseWithoutHost)
  app.use(
    parseInTime(
      express.json({ limit: JSON_BYTES, strict: true, type: ['application/json', 'application/*+json'] }),
    ),
  )
  app.use(routes)
  app.use(refuseMethod(routes))
  app.use(refuseUnknown)
  app.use(handleErrors)
  return app
}
