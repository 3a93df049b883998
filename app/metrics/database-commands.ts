import type { mongo } from 'mongoose'
import { Counter, Histogram } from 'prom-client'
import { replaceMethod, serversOf } from '../driver.ts'

/** Upper bounds of the duration buckets, in seconds. */
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]

/** Labels are the names of the commands that the models send, so their number is limited. */
export const commandDuration = new Histogram({
  name: 'kura_database_command_duration_seconds',
  help: 'Seconds from the request for a connection to the reply to a database command or its failure',
  labelNames: ['command'] as const,
  buckets: SECONDS,
  registers: [],
})

export const commandErrors = new Counter({
  name: 'kura_database_command_errors_total',
  help: 'Database commands that failed',
  labelNames: ['command'] as const,
  registers: [],
})

/** The class of the driver that sends every command (mongodb 7.8, `lib/sdam/server.js`). */
interface DriverServer {
  command(operation: { commandName: string }, timeout: unknown): Promise<unknown>
}

/** Commands whose number of failures is shown, beginning with 0. */
const seen = new Set<string>()

/**
 * Measures the commands of all clients of the database from now on. Replaces a method of the driver, because the driver's
 * own monitoring (`monitorCommands`) parses every reply a second time, which costs a fifth of the processor time of a list
 * of assets. `test/app/metrics.test.ts` fails when a version of the driver does not have the method.
 *
 * @param client a connected client
 */
export function measureCommands(client: mongo.MongoClient): void {
  const [server] = serversOf<DriverServer>(client).values()
  if (server) replaceMethod(Object.getPrototypeOf(server) as DriverServer, 'command', measured)
}

type Send = DriverServer['command']

const measured = (send: Send): Send =>
  async function (this: DriverServer, operation, timeout) {
    const command = operation.commandName
    if (!seen.has(command)) commandErrors.inc({ command }, 0)
    seen.add(command)
    const end = commandDuration.startTimer({ command })
    try {
      return await send.call(this, operation, timeout)
    } catch (error) {
      commandErrors.inc({ command })
      throw error
    } finally {
      end()
    }
  }
