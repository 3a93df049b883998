import { expect } from 'chai'
import { killAll } from '../../support/app/process.ts'
import { runKills } from '../../support/kill/run.ts'

describe('kill -9 at any moment', function () {
  this.timeout(420_000)
  after(killAll)

  it('loses nothing that was acknowledged and leaves nothing but what a sweep removes', async () => {
    const { faults, answers, assets } = await runKills({ kills: 10, life: 20 })
    expect(faults).to.deep.equal([])
    expect(answers).to.be.greaterThan(20)
    expect(assets).to.be.greaterThan(0)
  })
})
