import type { ValidationChain } from 'express-validator'
import type { SessionFields } from '../../models/session.ts'
import type { UserDocument } from '../../models/user.ts'
import { unauthenticated } from '../errors.ts'
import type { Services } from '../services.ts'
import { validator } from '../validate.ts'
import type { Connection } from './connection.ts'
import type { Connections } from './connections.ts'
import type { FrameId } from './frames.ts'
import type { Inflow } from './inflow.ts'

/** What an operation works with. */
export interface Call {
  services: Services
  connections: Connections
  connection: Connection
  /** What the client calls it. */
  id: FrameId
  /** Who asks, as the database has them at this moment; null for nobody. */
  user: UserDocument | null
  session: SessionFields | null
  /** Of an operation that takes bytes. */
  inflow?: Inflow
}

type UserCall = Call & { user: UserDocument; session: SessionFields }

/** What a client can ask for. */
export interface Operation {
  /** Whether it changes who asks: what comes after it waits for it. */
  signsIn: boolean
  /** Whether binary frames follow. */
  takesBytes: boolean
  /** Whether it writes to the database or the store. */
  writes: boolean
  run(call: Call, args: Record<string, unknown>): Promise<object>
}

interface Description<Args, C extends Call> {
  rules?: ValidationChain[]
  /** Where the rules look for their fields; default `body`. */
  location?: 'body' | 'query'
  signsIn?: boolean
  takesBytes?: boolean
  writes?: boolean
  answer: (call: C, args: Args) => Promise<object>
}

/** An operation that anybody may ask for. */
export function open<Args>({ rules, location = 'body', ...rest }: Description<Args, Call>): Operation {
  const validate = validator(rules)
  const { signsIn = false, takesBytes = false, writes = false, answer } = rest
  return {
    signsIn,
    takesBytes,
    writes,
    run: async (call, args) => answer(call, (await validate({ [location]: args })) as Args),
  }
}

/** An operation for users: others are refused before anything is looked at. */
export function forUsers<Args>(description: Description<Args, UserCall>): Operation {
  const { answer, ...rest } = description
  const operation = open<Args>({ ...rest, answer: (call, args) => answer(call as UserCall, args) })
  return {
    ...operation,
    async run(call, args) {
      if (!call.user || !call.session) throw unauthenticated()
      return operation.run(call, args)
    },
  }
}
