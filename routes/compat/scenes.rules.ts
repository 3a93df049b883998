import type { SceneList } from '../../models/project.ts'
import { checked, type Field, nullable, optional, rules, withDefault } from '../rules/define.ts'
import { choice } from '../rules/fields.ts'
import { passwordOrDigest } from '../rules/password.ts'
import { countryCode, mobile, phoneLogin } from '../rules/phone.ts'
import { names, photo } from '../rules/profile.ts'
import { text } from '../rules/text.ts'

/** The telephone number in the form that `findForSignIn` takes. Clients cannot send this field. */
const phone: Field<string> = (chain) =>
  chain
    .custom((value) => value === undefined)
    .withMessage('is not a known field')
    .bail()
    .customSanitizer((_value, { req }) => phoneLogin(req.body ?? {}))

export const login = rules({
  body: { mobile: mobile(), countryCode: countryCode(), password: passwordOrDigest(), login: phone },
})

export const user = rules({
  body: {
    mobile: mobile(),
    countryCode: nullable(countryCode()),
    ...names,
    profilePhoto: photo,
    password: optional(passwordOrDigest()),
  },
})

/** @param lists lists of a scene that the route can add to; the first is the default */
export const place = (...lists: [SceneList, SceneList]) =>
  rules({
    body: {
      projectId: optional(text()),
      sceneId: optional(
        checked(text(), (_value, { req }) => req.body.projectId !== undefined, 'needs projectId'),
      ),
      list: withDefault(choice(lists), lists[0]),
    },
  })
