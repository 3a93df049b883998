import { readFile } from 'node:fs/promises'
import { expect } from 'chai'
import { tierOf } from '../../models/words/match.ts'
import { parseQuery } from '../../models/words/query.ts'

const NAME = /`(.+?)`/g

const tierOfName = (q: string, name: string) =>
  tierOf({ name, tags: [], fileNames: [], description: '' }, parseQuery(q))

const namesIn = (cell = ''): string[] => Array.from(cell.matchAll(NAME), ([, name]) => String(name))

describe('docs/search.md', () => {
  it('docs/search.md – every example → what is found, what is not, in this order', async () => {
    const lines = (await readFile('docs/search.md', 'utf8')).split('\n')
    let hasOrder = false
    let rows = 0
    for (const line of lines) {
      if (line.startsWith('| search')) hasOrder = line.includes('order')
      const [[q] = [], found = [], missed = []] = line.split('|').slice(1).map(namesIn)
      if (!line.startsWith('| `') || !q) continue
      rows++
      const tiers = found.map((name) => tierOfName(q, name))
      expect(tiers, `${line}: found`).to.not.include(null)
      for (const name of missed) expect(tierOfName(q, name), `${line}: ${name}`).to.equal(null)
      if (hasOrder)
        expect(tiers, line).to.deep.equal([...new Set(tiers)].sort((a, b) => Number(a) - Number(b)))
    }
    expect(rows).to.be.at.least(40)
  })
})
