import { readFile } from 'node:fs/promises'
import { expect } from 'chai'
import { limitsText } from '../../scripts/limits.ts'

describe('docs/limits.md', () => {
  it('is what `npm run docs:limits` writes', async () => {
    const text = await readFile('docs/limits.md', 'utf8')
    expect(text).to.equal(await limitsText())
  })

  it('names limits of every kind', async () => {
    const text = await limitsText()
    for (const name of [
      'USER_FILES',
      'MIN_UPLOAD_BYTES_PER_SECOND',
      'frameBytes',
      'JSON_BYTES',
      'OPEN_UPLOADS',
      'SILENCE_MS',
    ])
      expect(text).to.contain(`\`${name}\``)
  })
})
