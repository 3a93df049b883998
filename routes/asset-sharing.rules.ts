import type { Request } from 'express'
import { LOCK_MODES } from '../models/asset.ts'
import { LABEL } from '../models/link.ts'
import { COLLABORATOR_ACCESS } from '../models/plugins/sharing.ts'
import { checked, type Field, nullable, optional, rules } from './rules/define.ts'
import { boolean, choice, integer, moment } from './rules/fields.ts'
import { page } from './rules/page.ts'
import { nameField, text } from './rules/text.ts'

export const collaborator = rules({ body: { access: choice(COLLABORATOR_ACCESS) } })

export const links = rules({ query: page() })

const future = (): Field<Date> =>
  checked(
    moment('end'),
    (value, { req }) => value > (req as Request).context.clock.now(),
    'must be in the future',
  )

/** Length of a link's password, in bytes. bcrypt ignores the bytes after the 72nd. */
export const LINK_PASSWORD = { max: 72 }

const linkPassword = checked(
  text(),
  (value) => value !== '' && Buffer.byteLength(value) <= LINK_PASSWORD.max,
  `must have 1 to ${LINK_PASSWORD.max} bytes`,
)

export const link = rules({
  body: {
    expiresAt: optional(future()),
    maxDownloads: optional(integer({ min: 1 })),
    password: optional(linkPassword),
    label: optional(nameField(LABEL)),
  },
})

export const linkUpdate = rules({
  body: {
    expiresAt: nullable(future()),
    maxDownloads: nullable(integer({ min: 1 })),
    password: nullable(linkPassword),
    label: nullable(nameField(LABEL)),
  },
})

const DAY = 86_400_000

const withinLockDays = (value: Date, { clock, config }: Request['context']) =>
  value.getTime() <= clock.now().getTime() + config.locks.maxDays * DAY

const alwaysTrue: Field<true> = (chain) =>
  boolean()(chain)
    .bail()
    .custom((value) => value)
    .withMessage('must be true; send DELETE to end a legal hold')

export const lock = rules({
  body: {
    mode: optional(choice(LOCK_MODES)),
    until: optional(
      checked(
        future(),
        (value, { req }) => withinLockDays(value, (req as Request).context),
        (_value, { req }) => `must be within ${(req as Request).context.config.locks.maxDays} days`,
      ),
    ),
    legalHold: optional(alwaysTrue),
  },
})
