import express, { type Express, type Request } from 'express'
import proxyAddr from 'proxy-addr'
import { logRequests } from '../config/logger.ts'
import { SECURITY_HEADERS } from '../config/security-headers.ts'
import { sendMissingPage } from '../controllers/web.ts'
import { createPassport } from '../middleware/authenticate.ts'
import { removeBasePath } from '../middleware/base-path.ts'
import { allowOrigins } from '../middleware/cors.ts'
import { handleErrors } from '../middleware/handle-errors.ts'
import { refuseUnknownMethod, refuseUnknownPath } from '../middleware/refuse.ts'
import { assignRequestId, measureDuration, recordClientInfo } from '../middleware/request-info.ts'
import { sendJson } from '../middleware/send-json.ts'
import { routes } from '../routes/index.ts'
import { plainAddress } from './auth/client-info.ts'
import { proxyTrust } from './auth/proxy-check.ts'
import type { Context } from './context.ts'
import '../middleware/request.ts'

/** Creates the Express application with the whole stack of middleware, in order. */
export function createApp(context: Context): Express {
  const { config, log, originCheck } = context
  originCheck.warnOfPatterns()
  const app = express()
  const trusts = proxyTrust(config.http.trustProxy)
  app.set('trust proxy', trusts)
  Object.defineProperty(app.request, 'ip', {
    get(this: Request) {
      return plainAddress(proxyAddr(this, trusts))
    },
  })
  app.set('query parser', 'simple')
  app.set('etag', false)
  app.disable('x-powered-by')
  app.response.json = function json(body) {
    sendJson(this, JSON.stringify(body), this.statusCode)
    return this
  }

  const passport = createPassport(context.tokens)
  app.use((req, _res, next) => {
    req.context = context
    req.passport = passport
    next()
  })
  app.use(removeBasePath(config.http.basePath))
  app.use(assignRequestId)
  app.use(recordClientInfo)
  app.use(logRequests(log))
  app.use(measureDuration(routes))
  app.use((_req, res, next) => {
    for (const [name, value] of SECURITY_HEADERS) res.setHeader(name, value)
    next()
  })
  app.use(allowOrigins(originCheck, trusts))
  app.use(routes)
  app.use(refuseUnknownMethod(routes))
  app.use(sendMissingPage)
  app.use(refuseUnknownPath)
  app.use(handleErrors)
  return app
}
