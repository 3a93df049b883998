import type { RequestHandler } from 'express'
import { admitPhone } from '../app/accounts/admit-phone.ts'
import { clientOf } from './client-of.ts'

/** Makes an account for a telephone number that has none, so that signing in finds one. */
export const admitNewPhone: RequestHandler = async (req, _res, next) => {
  const { mobile, countryCode, password } = req.valid as Record<'mobile' | 'countryCode' | 'password', string>
  await admitPhone(req.services, { mobile, countryCode, password }, clientOf(req))
  next()
}
