import { randomUUID } from 'node:crypto'
import type { ClientInfo } from '../../app/auth/client-info.ts'
import { authenticateToken } from '../../app/auth/sessions.ts'
import type { Context } from '../../app/context.ts'
import { type AppError, conflict, invalidToken, starting, stopping } from '../../app/errors.ts'
import { contextFor } from '../../app/events/event-log.ts'
import { errors } from '../../app/metrics/counters.ts'
import { errorEnvelope, success } from '../../middleware/envelope.ts'
import { logCause, translateError } from '../../middleware/handle-errors.ts'
import { assertWritable } from '../../middleware/refuse.ts'
import type { UploadBody } from './binary-receiver.ts'
import { type Connection, UNAUTHENTICATED } from './connection.ts'
import type { Connections } from './connections.ts'
import { type Frame, type FrameId, readFrame } from './frames.ts'
import type { Call, Operation } from './operation.ts'
import { OPERATIONS } from './operations.ts'

/** A valid frame and its operation, until it is answered. */
interface Task {
  frame: Frame
  operation: Operation
  body?: UploadBody
}

/** Runs the operations that text frames ask for and sends the answers. */
export class Dispatcher {
  constructor(
    private readonly context: Context,
    private readonly connections: Connections,
  ) {}

  /** Starts the operation of a text frame. The answer is sent when it is ready. */
  dispatch(connection: Connection, data: Buffer): void {
    const frame = readFrame(data, OPERATIONS)
    try {
      if ('error' in frame) throw frame.error
      const operation = OPERATIONS.get(frame.op)
      if (!operation) throw new TypeError(`${frame.op} is not an operation`)
      // At once, because the binary frames can follow directly.
      const body = operation.receivesBytes ? { body: connection.binary.begin() } : {}
      this.#start(connection, { frame, operation, ...body })
    } catch (error) {
      this.#refuse(connection, frame.id, translateError(error))
    }
  }

  /** Refuses binary frames that belong to no upload. */
  refuseBytes(connection: Connection): void {
    this.#refuse(connection, null, conflict('Send an `upload` operation before binary frames.'))
  }

  #start(connection: Connection, task: Task): void {
    const before = connection.signingIn
    const answered = connection.run(async () => {
      await before
      await this.#answer(connection, task)
    })
    if (task.operation.signsIn) connection.signingIn = answered
  }

  async #answer(connection: Connection, task: Task): Promise<void> {
    const { id, op } = task.frame
    const { address, userAgent } = connection.client
    const requestId = randomUUID()
    const { log, metrics } = this.context
    const end = metrics.answers.startTimer({ method: 'WS', route: `/ws ${op}` })
    const outcome = await this.#perform(connection, task, { address, userAgent, requestId })
    const code = 'err' in outcome ? outcome.err.code : undefined
    const seconds = end({ status: code ?? 'success' })
    log.info({ socket: connection.id, address, requestId, op, code, seconds }, 'frame answered')
    // Not awaited: an answer that the client does not read is no running operation.
    connection.send({ id, ...outcome })
    if (connection.sessionEnded) connection.close(UNAUTHENTICATED, 'the session has ended')
  }

  async #perform(
    connection: Connection,
    { frame, operation, body }: Task,
    client: ClientInfo & { requestId: string },
  ) {
    const context = contextFor(this.context, client)
    try {
      const caller = await this.#authenticate(connection)
      if (operation.writes) assertWritable(this.context)
      const call: Call = {
        context,
        clock: this.context.clock,
        connections: this.connections,
        connection,
        id: frame.id,
        ...caller,
        ...(body ? { body } : {}),
      }
      return success(await operation.run(call, frame.args))
    } catch (error) {
      return this.#failure(translateError(error), client.requestId)
    } finally {
      if (body) connection.binary.end(body)
    }
  }

  /**
   * Reads the caller from the database for each operation, so that a session that another process ended is refused.
   *
   * @throws `unavailable` if the service is not ready or is stopping
   * @throws `unauthenticated` if the session has ended
   */
  async #authenticate(connection: Connection): Promise<Pick<Call, 'user' | 'session'>> {
    const { stopping: stop, prepared } = this.context
    const { identity } = connection
    if (stop.aborted) throw stopping()
    if (!prepared) throw starting()
    if (!identity) return { user: null, session: null }
    const claims = { sub: identity.user._id.toString(), jti: identity.tokenId }
    const caller = await authenticateToken(this.context, claims)
    connection.sessionEnded = caller === null
    if (!caller) throw invalidToken()
    return caller
  }

  #refuse(connection: Connection, id: FrameId, error: AppError): void {
    connection.send({ id, ...this.#failure(error, randomUUID()) })
  }

  #failure(error: AppError, requestId: string) {
    errors.inc({ code: error.code })
    logCause(this.context, error, { requestId })
    return errorEnvelope(error, requestId)
  }
}
