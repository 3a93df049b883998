import { expect } from 'chai'
import { killAll } from '../support/app/process.ts'
import { runHostile } from './hostile-run.ts'

/** What fits into two minutes beside other tests. */
const COUNTS = {
  frames: 300,
  handshakes: 44,
  downloads: 150,
  uploads: 60,
  bodies: 500,
  requests: 2000,
  json: 400,
  http: 46,
  slow: 40,
  slowMs: 3000,
}

/** How much more memory may be in use after a round than after the one before it. */
const GROWTH = 1.1
/** The most memory that the service may need at any moment. */
const PEAK_BYTES = 700_000_000

describe('hostile clients against the compiled service', function () {
  this.timeout(600_000)
  after(killAll)

  it('hostile clients – three equal rounds of every attack → same process, no 500, nothing left, no growth', async () => {
    const { faults, peaks, used, slowestHealth, statuses } = await runHostile({
      counts: COUNTS,
      seed: 20_261_130,
      rounds: 3,
    })
    expect(faults).to.deep.equal([])
    // the first round fills caches and pools
    const [, second = 0, third = Number.POSITIVE_INFINITY] = used
    expect(third / second, `memory in use after each round (${used.join(', ')})`).to.be.at.most(GROWTH)
    expect(Math.max(...peaks), `highest memory of each round (${peaks.join(', ')})`).to.be.at.most(PEAK_BYTES)
    expect(slowestHealth).to.be.greaterThan(0)
    expect(Object.keys(statuses)).to.include.members(['200', '201', '400', '401', '404'])
  })
})
