import { expect } from 'chai'
import { runChanges } from '../support/kill/changes.ts'

describe('changes of several processes', function () {
  this.timeout(240_000)

  it('GET /api/changes – pages are read while two processes change assets and one is killed → no acknowledged change is missing', async () => {
    const { acknowledged, faults } = await runChanges({ ms: 2000, killMs: 1000 })
    expect(faults).to.deep.equal([])
    expect(acknowledged).to.be.greaterThan(0)
  })
})
