import { dictionary } from '@zxcvbn-ts/language-common'

/**
 * The most common passwords, in lower case. A separate file, because the list is long and is imported when the first
 * password is set: esbuild gives a CommonJS package that is imported on demand no
 * named exports.
 */
export const commonPasswords: ReadonlySet<string> = new Set(dictionary['passwords-common'])
