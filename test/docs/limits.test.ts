import { readFile } from 'node:fs/promises'
import { expect } from 'chai'
import { limitsText } from '../../scripts/limits.ts'

describe('docs/limits.md', () => {
  it('docs/limits.md – npm run docs:limits → the same text', async () => {
    const text = await readFile('docs/limits.md', 'utf8')
    expect(text).to.equal(await limitsText())
  })

  it('docs/limits.md – kinds of limits → each has entries', async () => {
    const text = await limitsText()
    for (const name of [
      'USER_FILES',
      'MIN_UPLOAD_BYTES_PER_SECOND',
      'frameBytes',
      'JSON_BYTES',
      'MAX_OPEN_UPLOADS',
      'MAX_SILENCE_MS',
    ])
      expect(text).to.contain(`\`${name}\``)
  })
})
