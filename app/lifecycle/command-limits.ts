import { mongo } from 'mongoose'
import { replaceMethod, serversOf } from '../driver.ts'

/** Milliseconds in which a command is answered. */
interface Limit {
  /** For one attempt, from its request for a connection. */
  attempt: number
  /** For the command and the attempt with which the driver repeats it. */
  total: number
}

/** Limits of commands that read one page, or change one document: the database answers these within milliseconds. */
const SHORT: Limit = { attempt: 7000, total: 10_000 }
/** Limits of all others, such as those that change many documents. */
const LONG: Limit = { attempt: 15_000, total: 15_000 }
/** Time of a repeated command at least, in milliseconds. */
const LEAST_MS = 1000

const SHORT_COMMANDS = new Set(['find', 'findAndModify', 'insert', 'update', 'delete'])

/** An operation of the driver (mongodb 7.8, `lib/operations/operation.js`). It is the same object when it is repeated. */
interface Operation {
  commandName: string
  statements?: readonly { multi?: boolean; limit?: number }[]
  buildOptions(timeout: unknown): { socketTimeoutMS?: number }
}

/** The class of the driver that sends every command (mongodb 7.8, `lib/sdam/server.js`). */
interface DriverServer {
  command(operation: Operation, timeout: unknown): Promise<unknown>
  /** Its generation changes when all connections are replaced. */
  pool: { generation: number; clear(): void; ready(): void }
}

/**
 * Limits how long the commands of all clients of the database wait for an answer from now on, so that a request is
 * answered in time although its commands were sent on connections that are dead without being closed: a firewall forgot
 * them, or a machine is gone. The heartbeats of the driver use a connection of their own and do not notice that. Such a
 * command replaces all connections of its server, so that a request waits for a dead one only once. A limit
 * that a command has of its own holds, as for building an index.
 *
 * Replaces a method of the driver, whose own `timeoutMS` changes every command. `test/app/lifecycle/command-limits.test.ts`
 * fails when a version of the driver does not have it.
 *
 * @param client a connected client
 */
export function limitCommands(client: mongo.MongoClient): void {
  const [server] = serversOf<DriverServer>(client).values()
  if (server) replaceMethod(Object.getPrototypeOf(server) as DriverServer, 'command', withinLimit)
}

type Send = DriverServer['command']

const withinLimit = (send: Send): Send =>
  async function (this: DriverServer, operation, timeout) {
    limitOperation(operation)
    const { generation } = this.pool
    try {
      return await send.call(this, operation, timeout)
    } catch (error) {
      if (error instanceof mongo.MongoNetworkTimeoutError && this.pool.generation === generation) {
        this.pool.clear()
        this.pool.ready()
      }
      throw error
    }
  }

/** When the first attempt of an operation began. */
const firstBegunAt = new WeakMap<Operation, number>()

function limitOperation(operation: Operation): void {
  const begunAt = performance.now()
  const first = firstBegunAt.get(operation) ?? begunAt
  firstBegunAt.set(operation, first)
  const { attempt, total } = limitOf(operation)
  const build = Object.getPrototypeOf(operation).buildOptions as Operation['buildOptions']
  // called when there is a connection
  operation.buildOptions = (timeout) => {
    const now = performance.now()
    const left = Math.min(begunAt + attempt, first + total) - now
    return { socketTimeoutMS: Math.round(Math.max(left, LEAST_MS)), ...build.call(operation, timeout) }
  }
}

function limitOf({ commandName, statements = [] }: Operation): Limit {
  const changesMany = statements.length > 1 || statements.some(({ multi, limit }) => multi || limit === 0)
  return SHORT_COMMANDS.has(commandName) && !changesMany ? SHORT : LONG
}
