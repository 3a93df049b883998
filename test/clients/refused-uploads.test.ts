import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { startNginx } from '../support/app/nginx.ts'
import { killAll } from '../support/app/process.ts'
import { type Refusal, startRefusing, tryRefusals } from '../support/app/refused-uploads.ts'
import { requireProgram } from '../support/programs.ts'

/** One try of each. `npx tsx test/runs/refused-uploads.ts` makes 20, with larger bodies too. */
const TRIES = { sizes: [100_000, 3_000_000], tries: 1 }

describe('refused uploads through nginx', function () {
  this.timeout(120_000)
  let folder: string
  let services: { origin: string; refusals: Refusal[] }[]

  before(async function () {
    requireProgram(this, 'nginx', 'curl')
    folder = await mkdtemp(join(tmpdir(), 'kura-refused-'))
    services = await startRefusing(folder)
  })
  after(async () => {
    await killAll()
    if (folder) await rm(folder, { recursive: true, force: true })
  })

  for (const buffering of ['on', 'off'] as const)
    for (const keepAlive of [false, true])
      it(`multipart, raw and form bodies – request buffering ${buffering}, upstream keep-alive ${keepAlive} → the JSON answer of the service`, async () => {
        for (const { origin, refusals } of services) {
          const nginx = await startNginx(origin, folder, { buffering, keepAlive })
          try {
            const { sizes, tries } = TRIES
            expect(await tryRefusals(nginx.origin, refusals, { sizes, tries })).to.deep.equal([])
          } finally {
            await nginx.stop()
          }
        }
      })
})
