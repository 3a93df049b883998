import type { Clock } from '../../app/clock.ts'
import type { Context } from '../../app/context.ts'
import { unauthenticated } from '../../app/errors.ts'
import { Rules } from '../../middleware/rules.ts'
import type { SessionFields } from '../../models/session.ts'
import type { UserDocument } from '../../models/user.ts'
import type { Inflow } from './binary-body.ts'
import type { Connection } from './connection.ts'
import type { Connections } from './connections.ts'
import type { FrameId } from './frames.ts'

/** What an operation works with. */
export interface Call {
  context: Context
  clock: Clock
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

interface Description<Input extends object, C extends Call> {
  /** Without rules the operation takes no arguments. */
  rules?: Rules<Input>
  /** Where the rules look for their fields; default `body`. */
  location?: 'body' | 'query'
  signsIn?: boolean
  takesBytes?: boolean
  writes?: boolean
  answer: (call: C, input: Input) => Promise<object>
}

/** An operation that anybody may ask for. */
export const open = <Input extends object>(description: Description<Input, Call>): Operation =>
  operation(description, (call) => call)

/** An operation for users: others are refused before anything is looked at. */
export const forUsers = <Input extends object>(description: Description<Input, UserCall>): Operation =>
  operation(description, (call) => {
    const { user, session } = call
    if (!user || !session) throw unauthenticated()
    return { ...call, user, session }
  })

function operation<Input extends object, C extends Call>(
  { rules = new Rules<Input>([]), location = 'body', answer, ...rest }: Description<Input, C>,
  admit: (call: Call) => C,
): Operation {
  return {
    signsIn: false,
    takesBytes: false,
    writes: false,
    ...rest,
    async run(call, args) {
      const admitted = admit(call)
      return answer(admitted, await rules.validate({ [location]: args }))
    },
  }
}
