import { expect } from 'chai'
import { killAll } from '../support/app/process.ts'
import { runHostile } from './hostile-run.ts'

/** Few cases, because every change runs them. `npm run test:hostile` has more. */
const COUNTS = {
  frames: 100,
  handshakes: 44,
  downloads: 50,
  uploads: 30,
  bodies: 150,
  requests: 600,
  searches: 100,
  json: 130,
  http: 46,
  slow: 30,
  slowMs: 3000,
}

/** Largest allowed growth of the used memory from one round to the next, as a factor. */
const GROWTH = 1.1
/** Largest allowed memory of the service, in bytes. */
const PEAK_BYTES = 700_000_000

describe('hostile clients against the compiled service', function () {
  this.timeout(600_000)
  after(killAll)

  it('hostile clients – three equal rounds of all attacks → same process, no 500, no orphan, no growth', async () => {
    const { errors, peaks, used, slowestHealth, statuses } = await runHostile({
      counts: COUNTS,
      seed: 20_261_130,
      rounds: 3,
    })
    expect(errors).to.deep.equal([])
    // the first round fills caches and pools
    const [, second = 0, third = Number.POSITIVE_INFINITY] = used
    expect(third / second, `memory in use after each round (${used.join(', ')})`).to.be.at.most(GROWTH)
    expect(Math.max(...peaks), `highest memory of each round (${peaks.join(', ')})`).to.be.at.most(PEAK_BYTES)
    expect(slowestHealth).to.be.greaterThan(0)
    expect(Object.keys(statuses)).to.include.members(['200', '201', '400', '401', '404'])
  })
})
