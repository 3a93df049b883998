/**
 * `npx tsx test/runs/refused-uploads.ts [-- --tries N]`: sends uploads that are refused through nginx, N times each
 * (default: 20), and exits with 1 if a client did not read the answer of the service.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { startNginx } from '../support/app/nginx.ts'
import { killAll } from '../support/app/process.ts'
import { startRefusing, tryRefusals } from '../support/app/refused-uploads.ts'

const SIZES = [100_000, 3_000_000, 10_000_000]
const { values } = parseArgs({ options: { tries: { type: 'string', default: '20' } } })
const tries = Number(values.tries)
const folder = await mkdtemp(join(tmpdir(), 'kura-refused-'))
const wrong: string[] = []
try {
  for (const { origin, refusals } of await startRefusing(folder))
    for (const buffering of ['on', 'off'] as const) {
      const nginx = await startNginx(origin, folder, { buffering, keepAlive: false })
      const report = (line: string) => process.stdout.write(`buffering ${buffering}, ${line}\n`)
      wrong.push(...(await tryRefusals(nginx.origin, refusals, { sizes: SIZES, tries }, report)))
      await nginx.stop()
    }
} finally {
  await killAll()
  await rm(folder, { recursive: true, force: true })
}
for (const line of wrong) process.stdout.write(`wrong: ${line}\n`)
process.exitCode = wrong.length > 0 ? 1 : 0
