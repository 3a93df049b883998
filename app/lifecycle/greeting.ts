import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import type { Context } from '../context.ts'

/** Milliseconds that the greeting waits for the database, so that its example works at once. */
const READY_WAIT_MS = 1000

/** Returns the text printed after the start: the address, the storage in use and a first command. */
export async function greeting(
  context: Context,
  server: Server,
  ready: Promise<void>,
  local: { description: string; notes: string[] } | null,
): Promise<string> {
  const { config, store } = context
  const isReady = await Promise.race([ready.then(() => true), delay(READY_WAIT_MS, false, { ref: false })])
  const { port } = server.address() as AddressInfo
  const here = `http://localhost:${port}`
  const database = local?.description ?? 'The database of MONGODB_URI.'
  const register = `curl -s ${here}/api/auth/register -H 'content-type: application/json' -d '{"username":"ada"}'`
  const lines = [
    `Kura listens on ${here}`,
    `  database  ${database}${isReady || context.prepared ? '' : ' It has not answered yet; the service keeps trying.'}`,
    `  files     ${store.description}`,
    `  read      ${here}/docs`,
    `  try       ${register}`,
  ]
  for (const note of local?.notes ?? []) lines.push(`  note      ${note}`)
  if (context.prepared && context.writesRefused)
    lines.push(`  warning   Writes are refused. ${context.writesRefused.message}`)
  if (config.production && store.kind === 'disk')
    lines.push(
      '  warning   Files are on the disk of this one machine: back them up, and run one process only.',
    )
  return `${lines.join('\n')}\n`
}
