import type { RequestHandler } from 'express'
import {
  checkExact,
  type FieldValidationError,
  matchedData,
  type ValidationChain,
  type ValidationError,
} from 'express-validator'
import { type Detail, validationFailed } from '../app/errors.ts'

/**
 * Holds a request's body and query against the rules, exactly: an unknown field is refused like a wrong one.
 * What passed is in `req.valid`; nothing else of body or query is ever read.
 */
export function check(rules: ValidationChain[] = []): RequestHandler {
  const exact = checkExact(rules, { locations: ['body', 'query'] })
  return async (req, _res, next) => {
    const result = await exact.run(req)
    const errors = result.array()
    if (errors.length > 0) throw validationFailed(errors.flatMap(detailsOf))
    req.valid = matchedData(req, { locations: ['body', 'query'], includeOptionals: false })
    next()
  }
}

function detailsOf(error: ValidationError): Detail[] {
  if (error.type === 'unknown_fields')
    return error.fields.map(({ path }) => ({ field: path, message: 'is not a field here' }))
  return [{ field: (error as FieldValidationError).path ?? '', message: String(error.msg) }]
}
