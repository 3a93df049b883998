import type { ErrorRequestHandler } from 'express'
import { MulterError } from 'multer'
import type { Context } from '../app/context.ts'
import {
  AppError,
  fileTooLarge,
  internal,
  malformedJson,
  malformedUpload,
  notFound,
  tooLarge,
  unsupportedMedia,
  validationFailed,
} from '../app/errors.ts'
import { errors } from '../app/metrics/counters.ts'
import { fromDatabase } from '../models/database-errors.ts'
import { envelopeFormat } from './envelope.ts'

/** Headers of a successful answer that a controller can have set before the error. */
const REPRESENTATION_HEADERS = [
  'Accept-Ranges',
  'Content-Disposition',
  'Content-Encoding',
  'Content-Length',
  'Content-Type',
  'ETag',
  'Last-Modified',
  'Location',
]

/**
 * Answers any error in the format of the route, by default the error envelope. The cause is logged, never sent. If the
 * answer has begun already, the connection is closed, so that the client sees that the answer is incomplete.
 */
export const handleErrors: ErrorRequestHandler = (thrown, req, res, _next) => {
  const error = translateError(thrown)
  errors.inc({ code: error.code })
  logCause(req.context, error, { reqId: req.id })
  if (res.headersSent) {
    res.destroy()
    return
  }
  const { status, headers, body } = (req.errorFormat ?? envelopeFormat)(error, req.id)
  for (const header of REPRESENTATION_HEADERS) res.removeHeader(header)
  res.set('Cache-Control', 'no-store')
  res.set(headers).status(status)
  res.json(body)
}

/**
 * Logs the cause of an error with a status of 500 or more. Other errors than `internal` without a cause are decisions
 * of the service, such as a full queue: the request log has their status already. Records that the server is full, for
 * `/readyz`.
 *
 * @param request fields that identify the request in the log
 */
export function logCause(
  { log, recentFaults }: Pick<Context, 'log' | 'recentFaults'>,
  error: AppError,
  request: object,
): void {
  recentFaults.recordFull(error)
  const { status, cause, code, fault } = error
  if (status === 500 || (status > 500 && cause !== undefined))
    log.error({ ...request, err: cause ?? error, ...(fault && { fault }) }, code)
}

type Translator = (error: Error) => AppError | null

/**
 * Returns the error that a client sees: the result of the first translator that knows the error, otherwise `internal`.
 */
export function translateError(error: unknown): AppError {
  if (error instanceof AppError) return error
  if (!(error instanceof Error)) return internal(error)
  for (const translate of TRANSLATORS) {
    const translated = translate(error)
    if (translated) return translated
  }
  return internal(error)
}

/** Translates errors of Express's body parsers and router, which have a `type` or a `status`. */
const fromExpress: Translator = (error) => {
  const { type, status } = error as { type?: string; status?: number }
  if (type === 'entity.parse.failed') return malformedJson(error)
  if (type === 'entity.too.large') return tooLarge('The request body is larger than 100 kB.', error)
  if (type === 'charset.unsupported' || type === 'encoding.unsupported')
    return unsupportedMedia('The body must be UTF-8, unencoded or in gzip, deflate or brotli.', error)
  if (type === 'request.aborted' || type === 'request.size.invalid') return malformedJson(error)
  if (error instanceof URIError && status === 400) return notFound()
  return status === 400 ? malformedJson(error) : null
}

const fromMulter: Translator = (error) => {
  if (!(error instanceof MulterError)) return null
  switch (error.code as string) {
    case 'LIMIT_FILE_SIZE':
      return fileTooLarge(error)
    case 'LIMIT_UNEXPECTED_FILE':
      return validationFailed([{ field: error.field ?? 'file', message: 'is not a file field here' }], error)
    case 'INVALID_FIELD_NAME':
    case 'LIMIT_FIELD_KEY':
    case 'MISSING_FIELD_NAME':
      return malformedUpload(error)
    default:
      return tooLarge('The upload has too many or too large parts.', error)
  }
}

/** Translates errors of the multipart parser, which are plain errors with these messages. */
const fromMultipart: Translator = (error) =>
  /^(Unexpected end of form|Malformed part header|Multipart: |Request (closed|aborted))/.test(error.message)
    ? malformedUpload(error)
    : null

const TRANSLATORS: Translator[] = [fromExpress, fromMulter, fromMultipart, fromDatabase]
