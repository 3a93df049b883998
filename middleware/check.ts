import type { RequestHandler } from 'express'
import type { ValidationChain } from 'express-validator'
import { hasContent } from '../app/answer-before-body.ts'
import { unsupportedMedia } from '../app/errors.ts'
import { validator } from '../app/validate.ts'

/**
 * Holds a request's body and query against the rules, exactly: an unknown field is refused like a wrong one.
 * What passed is in `req.valid`; nothing else of body or query is ever read.
 */
export function check(rules: ValidationChain[] = []): RequestHandler {
  const validate = validator(rules)
  return async (req, _res, next) => {
    if (req.body === undefined && hasContent(req))
      throw unsupportedMedia('This route takes no body of that Content-Type.')
    req.valid = await validate(req)
    next()
  }
}
