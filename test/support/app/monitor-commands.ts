import mongoose from 'mongoose'
import type { Command } from './command-interceptor.ts'
import { databaseUri } from './mongo.ts'

/** Commands that the driver sends on its own, and not for a query. */
const OWN = new Set(['hello', 'isMaster', 'ping', 'endSessions'])

interface Started {
  commandName: string
  command: Record<string, unknown>
}

/** Returns the URI of the database of the test run with the option that `monitorCommands` needs. */
export async function monitoredUri(): Promise<string> {
  const uri = new URL(await databaseUri())
  uri.searchParams.set('monitorCommands', 'true')
  return uri.href
}

/**
 * Returns the commands that this process sends to the database while `work` runs, with their names on the wire:
 * `assets.find`, `users.findAndModify`.
 * Connect with `monitoredUri`.
 */
export async function monitorCommands(work: () => PromiseLike<unknown>): Promise<Command[]> {
  const client = mongoose.connection.getClient()
  const commands: Command[] = []
  const record = ({ commandName, command }: Started) => {
    if (!OWN.has(commandName)) commands.push(`${command.collection ?? command[commandName]}.${commandName}`)
  }
  client.on('commandStarted', record)
  try {
    await work()
  } finally {
    client.off('commandStarted', record)
  }
  return commands
}
