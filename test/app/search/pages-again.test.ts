import { expect } from 'chai'
import { Asset } from '../../../models/asset.ts'
import { type PageRequest, searchAssets } from '../../../models/asset-search.ts'
import { storeAllTerms } from '../../../models/term-writer.ts'
import { setMaxRanked } from '../../../models/word-pages.ts'
import { startApp, type TestApp } from '../../support/app/app.ts'
import { insertAsset } from '../../support/app/assets.ts'
import { monitorCommands, monitoredUri } from '../../support/app/monitor-commands.ts'
import { signUp, type TestUser } from '../../support/app/users.ts'

const LIMIT = 4
const START = Date.UTC(2026, 0, 1)

describe('pages of words that are read again', () => {
  let app: TestApp
  let ada: TestUser
  let planted = 0

  const plant = (name: string, description = '') =>
    insertAsset(ada.user, {
      name,
      description,
      visibility: 'public',
      createdAt: new Date(START + planted++ * 1000),
    })

  before(async () => {
    setMaxRanked(20)
    app = await startApp({ uri: await monitoredUri() })
    ada = await signUp(app, 'ada')
    for (let n = 0; n < 40; n++) {
      await plant(`Chair ${n}`, n % 2 ? 'with a lamp' : 'with lampions')
      if (n % 10 === 0) await plant(n % 20 ? 'Lamp' : 'Lamp of oak')
    }
    await storeAllTerms()
  })
  after(() => {
    setMaxRanked(100)
    return app.stop()
  })

  const read = async (q: string, page: Pick<PageRequest, 'limit' | 'after'>) => {
    const found = await searchAssets({ scope: 'public', q }, null, { sort: 'relevance', ...page })
    return { ids: found.assets.map(({ _id }) => _id.toString()), next: found.next ?? undefined }
  }

  /** Returns the first page, a longer one that ends in a later tier, and the one after it. */
  async function pagesOf(q: string): Promise<Pick<PageRequest, 'limit' | 'after'>[]> {
    const long = { limit: 3 * LIMIT }
    const { next } = await read(q, long)
    return [{ limit: LIMIT }, long, { limit: LIMIT, after: next }]
  }

  for (const q of ['lamp', 'chair', 'lam', 'with lamp', '"a lamp"'])
    it(`searchAssets – ${q}, each page again → the same assets with one query`, async () => {
      for (const page of await pagesOf(q)) {
        const before = await read(q, page)
        let again = before
        const commands = await monitorCommands(async () => {
          again = await read(q, page)
        })
        expect(again).to.deep.equal(before)
        expect(commands.filter((name) => name === 'assets.find')).to.have.length(1)
      }
    })

  it('searchAssets – assets added to and deleted from every tier → the page again is as a page that was never read', async () => {
    let others = 10 * LIMIT
    const changes = [
      () => plant('Lamp'),
      () => plant('Lamp of glass'),
      () => plant('Sofa', 'a lamp'),
      () => plant('Sofa', 'lampions'),
      () => Asset.deleteOne({ name: 'Lamp' }),
      () => Asset.deleteMany({ name: /^Lamp of/ }),
      () => Asset.deleteMany({ description: 'with a lamp' }),
    ]
    for (const change of changes) {
      const pages = (
        await Promise.all(['lamp', 'lam'].map(async (q) => (await pagesOf(q)).map((page) => ({ q, page }))))
      ).flat()
      for (const { q, page } of pages) await read(q, page)
      await change()
      await storeAllTerms()
      for (const { q, page } of pages) {
        const { ids } = await read(q, page)
        const fresh = await read(q, { ...page, limit: page.limit + others++ })
        expect(ids, `${q} ${page.limit}`).to.deep.equal(fresh.ids.slice(0, page.limit))
      }
    }
  })
})
