import { LOCAL_PATH } from '../../models/asset.ts'
import type { SceneList } from '../../models/project.ts'
import { checked, type Field, nullable, optional, rules, withDefault } from '../rules/define.ts'
import { choice } from '../rules/fields.ts'
import { digits, ignoredFields, WITHOUT_EMPTY } from '../rules/lenient.ts'
import { newPasswordOrDigest, password } from '../rules/password.ts'
import { countryCode, mobile, phoneLogin } from '../rules/phone.ts'
import { names, photo } from '../rules/profile.ts'
import { text, textField } from '../rules/text.ts'

/** The telephone number in the form that `findForSignIn` takes. Clients cannot send this field. */
const phone: Field<string> = (chain) =>
  chain
    .custom((value) => value === undefined)
    .withMessage('is not a known field')
    .bail()
    .customSanitizer((_value, { req }) => phoneLogin(req.body ?? {}))

/** Fields of a user in the answers of these routes that clients cannot set here. */
const answered = ignoredFields(
  ...([
    'id',
    'projects',
    'token',
    'username',
    'email',
    'access',
    'discoverable',
    'space',
    'settings',
  ] as const),
  ...(['createdAt', 'updatedAt', 'lastAccessAt'] as const),
)

export const login = rules({
  body: {
    ...answered,
    ...ignoredFields('name', 'firstName', 'lastName', 'profilePhoto'),
    mobile: digits(mobile()),
    countryCode: digits(countryCode()),
    password: password(),
    login: phone,
  },
  empty: WITHOUT_EMPTY,
})

export const user = rules({
  body: {
    ...answered,
    mobile: digits(mobile()),
    countryCode: nullable(digits(countryCode())),
    ...names,
    profilePhoto: photo,
    password: optional(newPasswordOrDigest()),
  },
  empty: WITHOUT_EMPTY,
})

/** @param lists lists of a scene that the route can add to; the first is the default */
export const place = (...lists: [SceneList, SceneList]) =>
  rules({
    body: {
      ...ignoredFields('id', 'projects', 'baseId', 'originalName', 'originalExtn', 'fileName', 'url'),
      projectId: optional(text()),
      sceneId: optional(
        checked(text(), (_value, { req }) => req.body.projectId !== undefined, 'needs projectId'),
      ),
      list: withDefault(choice(lists), lists[0]),
      localPath: optional(textField(LOCAL_PATH)),
    },
    empty: WITHOUT_EMPTY,
  })
