import { expect } from 'chai'
import { judge, mean } from '../../../bench/library/judge.ts'
import { type LibrarySearch, libraryAssets, librarySearches } from '../../../bench/library/library.ts'
import { tierOf } from '../../../models/words/match.ts'
import { parseQuery } from '../../../models/words/query.ts'

const assets = libraryAssets()
const searches = librarySearches()

/** Returns the names of the assets that a search finds: by tier, then the newest first. */
function find({ q, any }: LibrarySearch): string[] {
  const query = parseQuery(q)
  return assets
    .flatMap((asset, n) => {
      const tier = tierOf(asset, query, { any })
      return tier === null ? [] : [{ name: asset.name.normalize('NFC'), tier, n }]
    })
    .sort((a, b) => a.tier - b.tier || b.n - a.n)
    .map(({ name }) => name)
}

describe('searches of the library', () => {
  const judged = searches.map((search) => ({ ...judge(search, find(search)), q: search.q }))

  it('library – names of at least 300 assets, different → the expectations name assets of the library', () => {
    const names = new Set(assets.map(({ name }) => name.normalize('NFC')))
    expect(names.size).to.equal(assets.length).and.to.be.at.least(300)
    expect(searches.length).to.be.at.least(120)
    for (const { q, must, also, not, first } of searches)
      for (const name of [...must, ...also, ...not, ...first])
        expect(names.has(name), `${q}: ${name}`).to.equal(true)
  })

  it('tierOf – every search → what must be found, what must not, what comes first', () => {
    const faults = judged.flatMap(({ q, faults: found }) => found.map((fault) => `${q}: ${fault}`))
    expect(faults, `\n${faults.join('\n')}\n`).to.deep.equal([])
  })

  it('tierOf – all searches → mean precision in the first 20 and mean recall of at least 95 %', () => {
    expect(mean(judged.map(({ precision }) => precision))).to.be.at.least(0.95)
    expect(mean(judged.map(({ recall }) => recall))).to.be.at.least(0.95)
  })
})
