import { expect } from 'chai'
import { facetAssets, MAX_FACET_VALUES } from '../../../models/asset-facets.ts'
import { NO_TRANSITION } from '../../../models/user-state.ts'
import { startApp, type TestApp } from '../../support/app/app.ts'
import { insertAsset, uploadAsset } from '../../support/app/assets.ts'
import { monitorCommands, monitoredUri } from '../../support/app/monitor-commands.ts'
import { signUp, type TestUser } from '../../support/app/users.ts'

describe('facetAssets', () => {
  let app: TestApp
  let ada: TestUser
  before(async () => {
    app = await startApp({ uri: await monitoredUri() })
    ada = await signUp(app, 'ada')
    for (let n = 0; n < MAX_FACET_VALUES + 5; n += 1)
      await insertAsset(ada.user, { license: n === 0 ? 'License 1' : `license ${n}`, visibility: 'public' })
  })
  after(() => app.stop())

  it('facetAssets – more values than a facet has → the most frequent; licenses of another case → one', async () => {
    const { facets, total, isCut } = await facetAssets({ scope: 'public' }, ada.user, NO_TRANSITION)
    expect(facets.license).to.have.length(MAX_FACET_VALUES)
    expect(facets.license[0]).to.deep.equal({ value: 'license 1', count: 2 })
    expect([total, isCut]).to.deep.equal([MAX_FACET_VALUES + 5, false])
  })

  it('facetAssets – files of a file set → the extensions of all of them, each once', async () => {
    const eve = await signUp(app, 'eve')
    const files = Array.from({ length: 21 }, (_, n): [string, Buffer] => [`${n}.obj`, Buffer.from(`${n}`)])
    await uploadAsset(
      eve,
      {},
      Object.fromEntries([...files, ['z.GLB', Buffer.from('x')], ['zz', Buffer.from('y')]]),
    )
    await uploadAsset(eve, {}, { 'a.obj': Buffer.from('a') })
    const { facets } = await facetAssets({ scope: 'mine' }, eve.user, NO_TRANSITION)
    expect(facets.ext).to.deep.equal([
      { value: 'obj', count: 2 },
      { value: 'glb', count: 1 },
    ])
  })

  it('facetAssets – no any-of filter, two of them → one read of assets, three', async () => {
    const reads = async (criteria: object) => {
      const commands = await monitorCommands(() =>
        facetAssets({ scope: 'mine', ...criteria }, ada.user, NO_TRANSITION),
      )
      return commands.filter((command) => command === 'assets.find').length
    }
    expect(await reads({})).to.equal(1)
    expect(await reads({ type: ['3D'], license: ['MIT'], tags: ['wood'], tagNot: ['oak'] })).to.equal(3)
  })
})
