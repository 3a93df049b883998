import { body } from 'express-validator'
import { NAME } from '../../models/user-fields.ts'
import { choice } from '../rules/fields.ts'
import { photo } from '../rules/profile.ts'
import { nullable, text, textField } from '../rules/text.ts'
import { countryCode, mobile, passwordOrDigest } from './fields.ts'

/** `login` is what `verifyLogin` reads: a telephone number in the form of `User.findForSignIn`. */
export const login = [
  mobile(),
  countryCode(),
  passwordOrDigest(),
  body('login')
    .custom((value) => value === undefined)
    .withMessage('is not a field here')
    .bail()
    .customSanitizer((_value, { req }) => signInName(req.body ?? {})),
]

/** Rules run side by side: the country code may still be as it was sent. */
const signInName = ({ countryCode, mobile }: Record<string, unknown>) =>
  `+${String(countryCode).replace(/^\+/, '')}-${mobile}`

export const user = [
  mobile(),
  countryCode(body('countryCode').optional()),
  ...['name', 'firstName', 'lastName'].map((field) => textField(nullable(body(field)), NAME)),
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
