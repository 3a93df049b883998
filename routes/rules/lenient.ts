import type { Field } from './define.ts'

/**
 * Option of the rules of routes for earlier services: an empty text means an absent field, in JSON too. An empty password is
 * refused, because an account without a password gets a key that its user does not expect.
 */
export const WITHOUT_EMPTY = { keep: ['password'], dropInJson: true }

/** A field with any value, which is not read. */
const ignored: Field<undefined> = (chain) => chain.customSanitizer(() => undefined).optional()

/** Returns fields that clients send because their own objects have them. They are not read. */
export const ignoredFields = <const Name extends string>(...names: Name[]) =>
  Object.fromEntries(names.map((name) => [name, ignored])) as Record<Name, typeof ignored>

/** A field of digits that can be a JSON number. */
export const digits =
  <Value>(field: Field<Value>): Field<Value> =>
  (chain) =>
    field(chain.customSanitizer((value) => (Number.isSafeInteger(value) ? String(value) : value)))
