/** Returns whether a value is an id in the form of the API: an ObjectId as 24 lower-case hexadecimal digits. */
export const isId = (value: unknown): value is string =>
  typeof value === 'string' && /^[0-9a-f]{24}$/.test(value)
