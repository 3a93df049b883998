import { expect } from 'chai'
import { OrderedIndex } from '../../embedded/mongo/index/ordered-index.ts'
import { Asset } from '../../models/asset.ts'
import { searchAssets } from '../../models/asset-search.ts'
import { Term } from '../../models/term.ts'
import { storeAllTerms } from '../../models/term-writer.ts'
import { startApp, type TestApp } from '../support/app/app.ts'
import { insertAsset, uploadAsset } from '../support/app/assets.ts'
import { monitorCommands, monitoredUri } from '../support/app/monitor-commands.ts'
import { signUp, type TestUser } from '../support/app/users.ts'

const MANY = 200
const LIMIT = 10
/** Most index entries and documents that a page reads for each of its results. */
const MOST_READ = 50

describe('cost of searches', () => {
  let app: TestApp
  let ada: TestUser

  before(async function () {
    this.timeout(60_000)
    app = await startApp({ uri: await monitoredUri() })
    ada = await signUp(app, 'ada')
    for (let n = 0; n < MANY; n++)
      await insertAsset(ada.user, {
        name: `Oak chair ${n}`,
        tags: n % 3 ? ['wood'] : ['metal'],
        license: n % 2 ? 'MIT' : 'CC0-1.0',
        ...{
          visibility: 'public',
          description: `${n % 4 ? 'table lamp' : 'lamp. Table'} ${n % 16 ? 'M4 x 3' : 'M3x10'}`,
        },
      })
    await storeAllTerms()
    await Term.refresh(new AbortController().signal)
  })
  after(() => app.stop())

  /** Returns the entries of indexes of this process that are read while `work` runs; 0 on another engine. */
  async function readDuring(work: () => Promise<unknown>): Promise<number> {
    const { scan } = OrderedIndex.prototype
    let read = 0
    OrderedIndex.prototype.scan = function* (...range) {
      for (const record of scan.apply(this, range)) {
        read++
        yield record
      }
    }
    try {
      await work()
    } finally {
      OrderedIndex.prototype.scan = scan
    }
    return read
  }

  /** Returns the cursor of the next page. */
  async function readCheaply(query: string): Promise<string> {
    let next = ''
    const read = await readDuring(async () => {
      const { body } = await ada.get(`/api/assets?limit=${LIMIT}&${query}`).expect(200)
      expect(body.res.assets).to.have.length(LIMIT)
      next = body.res.next
    })
    expect(read, query).to.be.at.most(MOST_READ * LIMIT)
    return next
  }

  const FILTERS = [
    ...['', 'type=other', 'tag=wood', 'tagNot=metal', 'tagAny=wood&tagAny=metal', 'license=MIT'],
    ...['license=MIT&license=CC0-1.0', 'owner=ada', 'visibility=public', 'minSize=0', 'sort=name'],
    ...['createdAfter=2020-01-01', 'createdAfter=2020-01-01&createdBefore=2100-01-01'],
  ]
  const WORDS = [
    ...['q=oak', 'q=lamp', 'q=chairs', 'q=oak&sort=newest', 'q=oak&owner=ada', 'q=la', 'q=tabl', 'q=m4'],
    ...['q=oak+lamp', 'q="oak+chair"', 'q="table+lamp"', 'q=oak+sofa&match=any', 'q=oak+-metal'],
  ]
  for (const scope of ['public', 'all', 'mine'])
    it(`GET /api/assets?scope=${scope} – each filter, words, phrases; first and later pages, each twice → at most ${MOST_READ} entries read for a result`, async () => {
      for (const query of [...FILTERS, ...WORDS]) {
        const url = `scope=${scope}&${query}`
        await readCheaply(url)
        await readCheaply(`${url}&cursor=${await readCheaply(url)}`)
      }
    })

  it(`GET /api/assets?q=M3 – most assets have the letter and the digit apart → at most ${MOST_READ} entries read for a result`, async () => {
    for (const query of ['q=M3', 'q=M3&scope=mine', 'q=M3&owner=ada']) {
      await readCheaply(query)
      await readCheaply(query)
    }
  })

  it('searchAssets – phrase that no asset has, of words that all have → at most 12 queries', async () => {
    const find = () =>
      searchAssets({ scope: 'public', q: '"lamp chair"' }, null, { sort: 'relevance', limit: LIMIT })
    const commands = await monitorCommands(find)
    expect(commands.filter((command) => command === 'assets.find')).to.have.length.at.most(12)
  })

  it('GET /api/assets?q – 500 characters, the right spelling has more → no suggestion, not 400', async () => {
    await uploadAsset(ada, { name: 'Sideboard' })
    const q = `sidebord${' '.repeat(484)}sidebord`
    expect(q).to.have.length(500)
    const { body } = await ada.get('/api/assets').query({ q }).expect(200)
    expect(body.res).to.not.have.property('suggestion')
    expect(body.res.assets).to.deep.equal([])
  })

  it('POST, PATCH /api/assets – license → its words are found; null → no longer', async () => {
    const found = async (q: string) => {
      const { body } = await ada.get('/api/assets').query({ q }).expect(200)
      return body.res.assets.map(({ id }: { id: string }) => id)
    }
    const { id } = await uploadAsset(ada, { name: 'Bolt', license: 'Zlib-acknowledgement' })
    for (const q of [
      'zlib',
      'acknowledgement bolt',
      'acknowl',
      'zlib-acknowledgement',
      '"zlib acknowledgement"',
    ])
      expect(await found(q), q).to.deep.equal([id])
    await ada.patch(`/api/assets/${id}`).send({ license: 'Unlicense' }).expect(200)
    expect([await found('zlib'), await found('unlicense')]).to.deep.equal([[], [id]])
    await ada.patch(`/api/assets/${id}`).send({ license: null }).expect(200)
    expect(await found('unlicense')).to.deep.equal([])
    expect((await Asset.byId(id))?.keys.filter((key) => key.includes('unlicense'))).to.deep.equal([])
  })
})
