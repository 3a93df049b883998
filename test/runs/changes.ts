/**
 * `npm run test:changes [-- --seconds N]`: two compiled processes change assets for N seconds while a user reads
 * `GET /api/changes`; one process is killed every few seconds. Uses the database of MONGODB_URI or an embedded one. Exits
 * with 1 if the reader misses an acknowledged change.
 */
import { parseArgs } from 'node:util'
import { runChanges } from '../support/kill/changes.ts'

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '60' } } })
const { acknowledged, faults } = await runChanges({ ms: Number(values.seconds) * 1000, killMs: 3000 })
process.stdout.write(
  [`${acknowledged} acknowledged changes, ${faults.length} faults`, ...faults, ''].join('\n'),
)
process.exit(faults.length > 0 || acknowledged === 0 ? 1 : 0)
