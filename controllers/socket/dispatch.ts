import { randomUUID } from 'node:crypto'
import { contextFor } from '../../app/activity/audit.ts'
import type { ClientInfo } from '../../app/auth/client-info.ts'
import { authenticateToken } from '../../app/auth/sessions.ts'
import type { Context } from '../../app/context.ts'
import { type AppError, conflict, unauthenticated, unavailable } from '../../app/errors.ts'
import { errorEnvelope, success } from '../../middleware/envelope.ts'
import { logCause, translateError } from '../../middleware/handle-errors.ts'
import { assertWritable } from '../../middleware/refuse.ts'
import type { Inflow } from './binary-body.ts'
import type { Call, Operation } from './call.ts'
import { UNAUTHENTICATED } from './close-codes.ts'
import type { Connection } from './connection.ts'
import type { Connections } from './connections.ts'
import { type Frame, type FrameId, readFrame } from './frames.ts'
import { OPERATIONS } from './operations.ts'

/** What has been found out about a frame before its turn comes. */
interface Task {
  frame: Pick<Frame, 'id' | 'args'>
  op: string
  operation: Operation
  inflow?: Inflow
}

/** Answers the frames of sockets. */
export class Dispatcher {
  constructor(
    private readonly context: Context,
    private readonly connections: Connections,
  ) {}

  /** Takes a text frame: its answer follows, as soon as it is found. */
  take(connection: Connection, data: Buffer): void {
    const frame = readFrame(data, OPERATIONS)
    try {
      if ('fault' in frame) throw frame.fault
      const operation = OPERATIONS.get(frame.op)
      if (!operation) throw new TypeError(`${frame.op} is not an operation`)
      // at once: the bytes may be right behind
      const inflow = operation.takesBytes ? { inflow: connection.bytes.claim() } : {}
      this.#begin(connection, { frame, op: frame.op, operation, ...inflow })
    } catch (refusal) {
      this.#refuse(connection, frame.id, translateError(refusal))
    }
  }

  /** Says that binary frames came which no upload takes. */
  refuseBytes(connection: Connection): void {
    this.#refuse(connection, null, conflict('No upload takes these bytes.'))
  }

  #begin(connection: Connection, task: Task): void {
    const before = connection.signingIn
    const answered = connection.run(async () => {
      await before
      await this.#answer(connection, task)
    })
    if (task.operation.signsIn) connection.signingIn = answered
  }

  async #answer(connection: Connection, task: Task): Promise<void> {
    const { frame, op } = task
    const { address, userAgent } = connection.client
    const requestId = randomUUID()
    const { log, metrics } = this.context
    const end = metrics.answers.startTimer({ method: 'WS', route: `/ws ${op}` })
    const outcome = await this.#perform(connection, task, { address, userAgent, requestId })
    const code = 'err' in outcome ? outcome.err.code : undefined
    const seconds = end({ status: code ?? 'success' })
    log.info({ socket: connection.id, address, requestId, op, code, seconds }, 'frame answered')
    // Not awaited: an answer that is not read counts as unread, not as a running operation.
    connection.send({ id: frame.id, ...outcome })
    if (connection.hasEnded) connection.close(UNAUTHENTICATED, 'the session has ended')
  }

  async #perform(
    connection: Connection,
    { frame, operation, inflow }: Task,
    client: ClientInfo & { requestId: string },
  ) {
    const context = contextFor(this.context, client)
    try {
      const caller = await this.#identify(connection)
      if (operation.writes) assertWritable(this.context)
      const { clock } = this.context
      const call: Call = {
        context,
        clock,
        connections: this.connections,
        connection,
        id: frame.id,
        ...caller,
      }
      return success(await operation.run(inflow ? { ...call, inflow } : call, frame.args))
    } catch (error) {
      return this.#explain(translateError(error), client.requestId)
    } finally {
      if (inflow) connection.bytes.leave(inflow)
    }
  }

  /** Who asks: looked up every time, so that what ends anywhere is over here. */
  async #identify(connection: Connection): Promise<Pick<Call, 'user' | 'session'>> {
    const { stopping, prepared } = this.context
    const { identity } = connection
    if (stopping.aborted || !prepared) throw unavailable()
    if (!identity) return { user: null, session: null }
    const claims = { sub: identity.user._id.toString(), jti: identity.tokenId }
    const caller = await authenticateToken(this.context, claims)
    connection.hasEnded = caller === null
    if (!caller) throw unauthenticated()
    return caller
  }

  #refuse(connection: Connection, id: FrameId, refusal: AppError): void {
    connection.send({ id, ...this.#explain(refusal, randomUUID()) })
  }

  #explain(refusal: AppError, requestId: string) {
    logCause(this.context.log, refusal, { requestId })
    return errorEnvelope(refusal, requestId)
  }
}
