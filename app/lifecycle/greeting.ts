import { setTimeout as delay } from 'node:timers/promises'
import type { Context } from '../context.ts'

/** Milliseconds that the greeting waits for the database, so that its example works at once. */
const READY_WAIT_MS = 1000

/** What an operator should know after the start. */
export interface Greeting {
  /** Address of the service on this machine. */
  address: string
  /** Whether a browser can open the address. */
  web: boolean
  /** Descriptions of the database and the store. */
  database: string
  files: string
  notes: string[]
  warnings: string[]
}

/** Describes the service after its start. Waits a moment for the database. */
export async function describeStart(
  { config, store, ...context }: Context,
  port: number,
  ready: Promise<void>,
  local: { description: string; notes: string[] } | null,
): Promise<Greeting> {
  const isReady = await Promise.race([ready.then(() => true), delay(READY_WAIT_MS, false, { ref: false })])
  const database = local?.description ?? 'The database of MONGODB_URI.'
  const warnings: string[] = []
  if (context.prepared && context.writesRefused)
    warnings.push(`Writes are refused. ${context.writesRefused.message}`)
  if (config.production && store.kind === 'disk')
    warnings.push('Files are on the disk of this one machine: back them up, and run one process only.')
  return {
    address: `http://localhost:${port}`,
    web: config.http.web,
    database: `${database}${isReady || context.prepared ? '' : ' It has not answered yet; the service keeps trying.'}`,
    files: store.description,
    notes: local?.notes ?? [],
    warnings,
  }
}

/** Returns the text printed after the start: what to open first, where the data is, and a first command. */
export function greetingText({ address, web, database, files, notes, warnings }: Greeting): string {
  const register = `curl -s ${address}/api/auth/register -H 'content-type: application/json' -d '{"username":"visitor"}'`
  const lines = [
    `Kura listens on ${address}${web ? ' – open it in a browser' : ''}`,
    `  database  ${database}`,
    `  files     ${files}`,
    `  read      ${address}/docs`,
    `  try       ${register}`,
    ...notes.map((note) => `  note      ${note}`),
    ...warnings.map((warning) => `  warning   ${warning}`),
  ]
  return `${lines.join('\n')}\n`
}
