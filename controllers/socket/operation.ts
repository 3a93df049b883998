import type { Clock } from '../../app/clock.ts'
import type { Context } from '../../app/context.ts'
import { unauthenticated } from '../../app/errors.ts'
import { Rules } from '../../middleware/rules.ts'
import type { Caller } from '../../models/asset-access.ts'
import type { SessionFields } from '../../models/session.ts'
import type { UploadBody } from './binary-receiver.ts'
import type { Connection } from './connection.ts'
import type { Connections } from './connections.ts'
import type { FrameId } from './frames.ts'

/** Everything that an operation can use besides its input. */
export interface Call {
  context: Context
  clock: Clock
  connections: Connections
  connection: Connection
  /** The id of the frame. */
  id: FrameId
  /** The caller, read with the session for this operation; null without a sign-in. */
  user: Caller | null
  session: SessionFields | null
  /** The binary frames of an operation that receives bytes. */
  body?: UploadBody
}

type UserCall = Call & { user: Caller; session: SessionFields }

export interface Operation {
  /**
   * Whether the operation changes the caller of the connection. Later operations of the connection then wait for it.
   */
  signsIn: boolean
  /** Whether binary frames follow. */
  receivesBytes: boolean
  /** Whether the operation writes to the database or the store. */
  writes: boolean
  run(call: Call, args: Record<string, unknown>): Promise<object>
}

interface Description<Input extends object, C extends Call> {
  /** Without rules the operation takes no arguments. */
  rules?: Rules<Input>
  /** Where the rules read their fields; default `body`. */
  location?: 'body' | 'query'
  signsIn?: boolean
  receivesBytes?: boolean
  writes?: boolean
  answer: (call: C, input: Input) => Promise<object>
}

/** Defines an operation for all callers, signed in or anonymous. */
export const forAnyone = <Input extends object>(description: Description<Input, Call>): Operation =>
  operation(description, (call) => call)

/** Defines an operation for signed-in users. Anonymous callers are refused before their input is validated. */
export const forUsers = <Input extends object>(description: Description<Input, UserCall>): Operation =>
  operation(description, (call) => {
    const { user, session } = call
    if (!user || !session) throw unauthenticated()
    return { ...call, user, session }
  })

function operation<Input extends object, C extends Call>(
  { rules = new Rules<Input>([]), location = 'body', answer, ...rest }: Description<Input, C>,
  authorize: (call: Call) => C,
): Operation {
  return {
    signsIn: false,
    receivesBytes: false,
    writes: false,
    ...rest,
    async run(call, args) {
      const authorized = authorize(call)
      return answer(authorized, await rules.validate({ [location]: args }))
    },
  }
}
