import express, { type Request, type RequestHandler, type Response } from 'express'
import { AppError, malformedRequest, unsupportedMedia } from '../app/errors.ts'
import { JSON_BYTES } from '../config/body-limits.ts'
import { hasContent } from './answer-before-body.ts'
import { bodyTimeout, fieldsOf, parseUrlencoded, readMultipart } from './parse-form.ts'

/** Time in which the body of a JSON or form request must arrive, in milliseconds. */
const BODY_MS = 20_000

const FORM_TYPES = ['application/x-www-form-urlencoded', 'multipart/form-data']
const JSON_TYPE = 'application/json'
/** A patch in another JSON format has other rules (RFC 5789 §2.2). */
const MERGE_PATCH_TYPE = 'application/merge-patch+json'

const parseJson = express.json({ limit: JSON_BYTES, strict: true, type: () => true })
const readRaw = express.raw({ limit: JSON_BYTES, type: () => true })

/**
 * Reads names with brackets in the forms of a router as nested objects: `credentials[email]=x` means
 * `{credentials: {email: 'x'}}`. For routes of earlier services.
 */
export const nestForms: RequestHandler = (req, _res, next) => {
  req.nestsForms = true
  next()
}

/**
 * Parses the body of a request into `req.body`: JSON, or a form (urlencoded, or multipart without files), whose fields
 * are texts. Does nothing if the request has no body or earlier middleware has parsed it.
 *
 * Call it as late as possible: a request that is refused before it is refused without reading its body.
 *
 * @param takesBody whether the route has fields of a body
 * @throws malformed_json, malformed_request, malformed_upload, timeout, too_large, unsupported_media, validation_failed
 */
export async function parseBody(req: Request, takesBody = true): Promise<void> {
  if (req.body !== undefined || !hasContent(req)) return
  if (req.destroyed) throw clientGone()
  const type = (req.headers['content-type'] ?? '').split(';', 1).join().trim().toLowerCase()
  if (isJson(type, req.method)) return readInTime(req, parseJson)
  if (!FORM_TYPES.includes(type)) throw unsupported(req, takesBody)
  req.body = fieldsOf(await readForm(req, type), req.nestsForms === true)
  req.isForm = true
}

const isJson = (type: string, method: string): boolean =>
  type === JSON_TYPE ||
  (method === 'PATCH' ? type === MERGE_PATCH_TYPE : /^application\/[^/]+\+json$/.test(type))

/** Returns the error for a body of another media type, with the types that the route takes. */
function unsupported({ method }: Request, takesBody: boolean): AppError {
  if (!takesBody) return unsupportedMedia('This route takes no body.')
  const types = [JSON_TYPE, ...(method === 'PATCH' ? [MERGE_PATCH_TYPE] : []), ...FORM_TYPES]
  const message = `The Content-Type must be ${types.join(', ').replace(/, ([^,]*)$/, ' or $1')}.`
  // RFC 5789 §3.1
  const headers = method === 'PATCH' ? { 'Accept-Patch': types.join(', ') } : {}
  return new AppError(415, 'unsupported_media', message, { headers })
}

async function readForm(req: Request, type: string) {
  if (type === 'multipart/form-data') return readMultipart(req, BODY_MS)
  try {
    await readInTime(req, readRaw)
  } catch (error) {
    throw (error as { status?: number }).status === 400
      ? malformedRequest('The body is not complete or not readable.', error)
      : error
  }
  return parseUrlencoded(req.body as Buffer, req.headers['content-type'] ?? '')
}

/** Runs a body parser with a time limit. @throws timeout, and what the parser throws */
function readInTime(req: Request, parse: RequestHandler): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(bodyTimeout(BODY_MS)), BODY_MS)
    parse(req, req.res as Response, (error?: unknown) => {
      clearTimeout(timer)
      if (error) reject(error)
      // the parser skips a request whose connection is closed
      else if (req.body === undefined) reject(clientGone())
      else resolve()
    })
  })
}

const clientGone = () => malformedRequest('The client disconnected before its body was read.')
