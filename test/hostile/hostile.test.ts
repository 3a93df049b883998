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

/** How much more memory a round may need than those before it. The first one fills caches and pools. */
const GROWTH = 1.1

describe('hostile clients against the compiled service', function () {
  this.timeout(600_000)
  after(killAll)

  it('three equal rounds of every attack → same process, no 500, nothing left, no growth', async () => {
    const { faults, peaks, slowestHealth, statuses } = await runHostile({
      counts: COUNTS,
      seed: 20_261_130,
      rounds: 3,
    })
    expect(faults).to.deep.equal([])
    const [first = 0, second = 0, third = Number.POSITIVE_INFINITY] = peaks
    // a leak grows in every round; when the collector runs differs by a tenth from one round to the next
    const growth = Math.min(second / first, third / Math.max(first, second))
    expect(growth, `memory of the rounds (${peaks.join(', ')})`).to.be.at.most(GROWTH)
    expect(slowestHealth).to.be.greaterThan(0)
    expect(Object.keys(statuses)).to.include.members(['200', '201', '400', '401', '404'])
  })
})
