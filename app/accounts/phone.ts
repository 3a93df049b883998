import { validationFailed } from '../errors.ts'

interface Phone {
  mobile?: string | null
  countryCode?: string | null
}

/** A number can be told from others only with its country: @throws validation_failed naming `countryCode`. */
export function requireWholePhone({ mobile, countryCode }: Phone): void {
  if (mobile && !countryCode)
    throw validationFailed([{ field: 'countryCode', message: 'is needed with a mobile number' }])
}
