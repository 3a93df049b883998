import type { RequestHandler } from 'express'
import { unsupportedMedia } from '../app/errors.ts'
import type { AssetFile } from '../models/asset.ts'

/** Only uploads whose files are all of a kind pass. */
export function mustHold(what: string, isOne: (file: AssetFile) => boolean): RequestHandler {
  return (req, _res, next) => {
    if (!req.upload?.files.every(isOne)) throw unsupportedMedia(`The file must be ${what}.`)
    next()
  }
}
