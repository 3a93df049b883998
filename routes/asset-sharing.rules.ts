import type { Request } from 'express'
import { body } from 'express-validator'
import { LOCK_MODES } from '../models/asset.ts'
import { COLLABORATOR_ACCESS } from '../models/plugins/sharing.ts'
import { choice, moment } from './rules/fields.ts'
import { page } from './rules/page.ts'
import { text } from './rules/text.ts'

export const collaborator = [choice(body('access'), COLLABORATOR_ACCESS)]

export const links = page()

const future = (field: string) =>
  moment(body(field).optional(), 'end')
    .custom((value: Date, { req }) => value > (req as Request).services.clock.now())
    .withMessage('must be in the future')

/** Of a link's password, in bytes: bcrypt reads no more. */
export const LINK_PASSWORD = { max: 72 }

export const link = [
  future('expiresAt'),
  body('maxDownloads')
    .optional()
    .custom((value) => Number.isSafeInteger(value) && value >= 1)
    .withMessage('must be a whole number from 1'),
  text(body('password').optional())
    .custom((value: string) => value !== '' && Buffer.byteLength(value) <= LINK_PASSWORD.max)
    .withMessage(`must have 1 to ${LINK_PASSWORD.max} bytes`),
]

const DAY = 86_400_000

export const lock = [
  choice(body('mode').optional(), LOCK_MODES),
  future('until')
    .bail()
    .custom((value: Date, { req }) => {
      const { clock, config } = (req as Request).services
      return value.getTime() <= clock.now().getTime() + config.locks.maxDays * DAY
    })
    .withMessage(
      (_value, { req }) => `must be within ${(req as Request).services.config.locks.maxDays} days`,
    ),
  body('legalHold')
    .optional()
    .custom((value) => value === true)
    .withMessage('must be true; a hold ends by DELETE'),
]
