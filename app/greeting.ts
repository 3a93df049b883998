import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Services } from './services.ts'

/** What a newcomer reads after `npm start`: where it listens, what it uses, what to try. */
export function greeting({ config, store }: Services, server: Server): string {
  const { port } = server.address() as AddressInfo
  const here = `http://localhost:${port}`
  const database = config.database.uri
    ? 'the database of MONGODB_URI'
    : `embedded, under ${config.dataDir}/mongo`
  const lines = [
    `Kura listens on ${here}`,
    `  database  ${database}`,
    `  files     ${store.description}`,
    `  read      ${here}/docs`,
    `  try       curl -s ${here}/api/auth/register -H 'content-type: application/json' -d '{"username":"ada"}'`,
  ]
  if (config.production && store.kind === 'disk')
    lines.push(
      '  warning   files are on the disk of this machine: it must last, and only one machine can serve them',
    )
  return `${lines.join('\n')}\n`
}
