import type { RequestHandler } from 'express'
import {
  body,
  checkExact,
  matchedData,
  query,
  type ValidationChain,
  type ValidationError,
  validationResult,
} from 'express-validator'
import { type Detail, unsupportedMedia, validationFailed } from '../app/errors.ts'
import { hasContent } from './has-content.ts'

const LOCATIONS = ['body', 'query'] as const

/**
 * Holds a request's body and query against the rules, exactly: an unknown field is refused like a wrong one.
 * What passed is in `req.valid`; nothing else of body or query is ever read.
 */
export function check(rules: ValidationChain[] = []): RequestHandler {
  // checkExact looks only at places that have a rule; a rule of no fields makes it look at both
  const exact = checkExact([...rules, body([]), query([])], { locations: [...LOCATIONS] })
  return async (req, _res, next) => {
    if (req.body === undefined && hasContent(req))
      throw unsupportedMedia('This route takes no body of that Content-Type.')
    if (rules.length === 0 && isEmpty(req.body) && isEmpty(req.query)) {
      req.valid = {}
      return next()
    }
    await exact.run(req)
    const details = [
      ...notAnObject(req.body),
      ...validationResult(req).array({ onlyFirstError: true }).flatMap(detailsOf),
      ...LOCATIONS.flatMap((location) => inheritedNames(req[location])),
    ]
    if (details.length > 0) throw validationFailed(details)
    req.valid = matchedData(req, { locations: [...LOCATIONS], includeOptionals: false })
    next()
  }
}

const isEmpty = (fields: unknown) => Object.keys(fields ?? {}).length === 0 && !Array.isArray(fields)

function detailsOf(error: ValidationError): Detail[] {
  switch (error.type) {
    case 'unknown_fields':
      return error.fields.map(({ path }) => unknown(path))
    case 'field':
      return [{ field: error.path, message: String(error.msg) }]
    default:
      return [{ field: '', message: String(error.msg) }]
  }
}

const unknown = (field: string): Detail => ({ field, message: 'is not a field here' })

/** checkExact takes `constructor`, `__proto__` and their like for known fields. */
function inheritedNames(fields: unknown): Detail[] {
  return Object.keys(fields ?? {})
    .filter((name) => name in Object.prototype)
    .map(unknown)
}

/** An array has no fields to be unknown. */
const notAnObject = (content: unknown): Detail[] =>
  Array.isArray(content) ? [{ field: 'body', message: 'must be a JSON object' }] : []
