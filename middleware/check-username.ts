import type { RequestParamHandler } from 'express'
import { validationFailed } from '../app/errors.ts'
import { USERNAME } from '../models/user.ts'

/** A username in a path has the shape of one, whether it is somebody's or not. */
export const checkUsername: RequestParamHandler = (_req, _res, next, username: string) => {
  const { min, max, pattern } = USERNAME
  if (username.length < min || username.length > max || !pattern.test(username))
    throw validationFailed([{ field: 'username', message: 'is no username' }])
  next()
}
