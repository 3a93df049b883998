import type { Authenticator } from 'passport'
import type { Logger } from 'pino'
import type { Config } from '../config/env.ts'
import type { Tokens } from './auth/tokens.ts'
import type { Clock } from './clock.ts'
import type { ObjectStore } from './storage/object-store.ts'

/** What the house needs from outside; made by the process (or a test) and handed to `createApp`. */
export interface Services {
  config: Config
  store: ObjectStore
  tokens: Tokens
  passport: Authenticator
  log: Logger
  clock: Clock
  /** Whether the process still takes new work; false while it drains. */
  accepting: () => boolean
}
