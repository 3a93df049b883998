import { expect } from 'chai'
import { killAll } from '../../support/app/process.ts'
import { runKills } from '../../support/kill/run.ts'

describe('kill -9 at any moment', function () {
  this.timeout(420_000)
  after(killAll)

  it('kill -9 – at any moment under load → acknowledged assets kept, a sweep removes the rest', async () => {
    const { faults, answers, assets } = await runKills({ kills: 6, life: 20 })
    expect(faults).to.deep.equal([])
    expect(answers).to.be.greaterThan(20)
    expect(assets).to.be.greaterThan(0)
  })
})
