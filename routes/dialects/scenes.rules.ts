import { body } from 'express-validator'
import { choice } from '../rules/fields.ts'
import { passwordOrDigest } from '../rules/password.ts'
import { countryCode, mobile, phoneLogin } from '../rules/phone.ts'
import { names, photo } from '../rules/profile.ts'
import { nullable, text } from '../rules/text.ts'

/** `login` is what `verifyLogin` reads: a telephone number in the form of `findForSignIn`. */
export const login = [
  mobile(),
  countryCode(),
  passwordOrDigest(),
  body('login')
    .custom((value) => value === undefined)
    .withMessage('is not a field here')
    .bail()
    .customSanitizer((_value, { req }) => phoneLogin(req.body ?? {})),
]

export const user = [
  mobile(),
  countryCode(nullable(body('countryCode'))),
  ...names(),
  photo(),
  passwordOrDigest(body('password').optional()),
]

/** @param lists of a scene that the door leads to; the first where the client names none */
export const place = (...lists: [string, string]) => [
  text(body('projectId').optional()),
  text(body('sceneId').optional())
    .custom((_value, { req }) => req.body.projectId !== undefined)
    .withMessage('needs projectId'),
  choice(body('list').default(lists[0]), lists),
]
