import { expect } from 'chai'
import { judge, mean } from '../../bench/library/judge.ts'
import { type LibrarySearch, libraryAssets, librarySearches } from '../../bench/library/library.ts'
import type { AssetFields } from '../../models/asset.ts'
import { startApp, type TestApp } from '../support/app/app.ts'
import { insertAsset } from '../support/app/assets.ts'
import { signUp } from '../support/app/users.ts'

const START = Date.UTC(2026, 0, 1)

describe('GET /api/assets – library of real names', function () {
  this.timeout(60_000)
  let app: TestApp

  before(async () => {
    app = await startApp()
    const { user } = await signUp(app, 'ada')
    for (const [n, { name, tags, fileNames, description }] of libraryAssets().entries())
      await insertAsset(user, {
        name: name.normalize('NFC'),
        tags,
        description,
        visibility: 'public' as const,
        files: fileNames.map((file, at) => ({
          id: `${n}-${at}`,
          name: file,
          key: `ada/${n}/${at}`,
          size: 1,
          mediaType: 'text/plain',
          sha256: 'a'.repeat(64),
        })) as AssetFields['files'],
        createdAt: new Date(START + n * 1000),
      })
  })
  after(() => app.stop())

  async function find({ q, any }: LibrarySearch): Promise<string[]> {
    const { status, body } = await app.api
      .get('/api/assets')
      .query({ q, limit: 100, ...(any ? { match: 'any' } : {}) })
    expect(status, q).to.equal(200)
    // an answer of what has any of the words is not the answer that is asked for
    return any || body.res.matched === 'all' ? body.res.assets.map(({ name }: { name: string }) => name) : []
  }

  it('GET /api/assets – each search of the library → what must be found, what must not, what comes first; ≥ 95 %', async () => {
    const judged = []
    for (const search of librarySearches()) judged.push({ q: search.q, ...judge(search, await find(search)) })
    const faults = judged.flatMap(({ q, faults: found }) => found.map((fault) => `${q}: ${fault}`))
    expect(faults, `\n${faults.join('\n')}\n`).to.deep.equal([])
    expect(mean(judged.map(({ precision }) => precision))).to.be.at.least(0.95)
    expect(mean(judged.map(({ recall }) => recall))).to.be.at.least(0.95)
  })
})
