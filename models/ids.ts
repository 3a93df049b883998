/** Returns whether a value is an id as the API writes it: an ObjectId in 24 lower-case hexadecimal digits. */
export const isId = (value: unknown): value is string =>
  typeof value === 'string' && /^[0-9a-f]{24}$/.test(value)
