import { dictionary } from '@zxcvbn-ts/language-common'

/** In lower case. A long list: imported when the first password is chosen. */
export const commonPasswords = new Set(dictionary['passwords-common'])
