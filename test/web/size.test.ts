import { readFile } from 'node:fs/promises'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { expect } from 'chai'
import { buildClient } from '../support/web.ts'

/** Largest script and style of the first load together, compressed, in bytes. */
const MAX_BYTES = 45_000

describe('size of the web client', () => {
  it('/ – first load → at most 45 kB of script and style', async function () {
    this.timeout(60_000)
    await buildClient()
    const page = await readFile('dist/web/index.html', 'utf8')
    const tags = page.match(/<(?:link|script)[^>]*>/g) ?? []
    const names = tags.flatMap((tag) =>
      tag.includes('rel="prefetch"') ? [] : (/web\/([^"]+\.(?:js|css))"/.exec(tag)?.[1] ?? []),
    )
    const files = await Promise.all(names.map((name) => readFile(`dist/web/files/${name}`)))
    const sum = (compress: (bytes: Buffer) => Buffer) =>
      files.reduce((bytes, file) => bytes + compress(file).length, 0)
    const gzip = sum((bytes) => gzipSync(bytes, { level: 9 }))
    const told = `${names.join(', ')}: ${gzip} bytes with gzip, ${sum((bytes) => brotliCompressSync(bytes))} with brotli`
    expect(names.length, told).to.be.within(2, 4)
    expect(gzip, `${told}. Load parts later, and put styles of other pages into pages.css`).to.be.at.most(
      MAX_BYTES,
    )
  })
})
