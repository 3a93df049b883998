import { readFile } from 'node:fs/promises'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { expect } from 'chai'
import { buildClient } from '../support/web.ts'

/** Largest script and style of the first load together, compressed, in bytes. */
const MAX_BYTES = 45_000

/** Most scripts of the first load of an asset's page. */
const MAX_SCRIPTS = 14

/** Returns the scripts and styles that a document of the build loads at once. */
async function filesOf(name: string): Promise<string[]> {
  await buildClient()
  const page = await readFile(`dist/web/${name}.html`, 'utf8')
  const tags = page.match(/<(?:link|script)[^>]*>/g) ?? []
  return tags.flatMap((tag) =>
    tag.includes('rel="prefetch"') ? [] : (/web\/([^"]+\.(?:js|css))"/.exec(tag)?.[1] ?? []),
  )
}

describe('size of the web client', () => {
  it('/ – first load → at most 45 kB of script and style', async function () {
    this.timeout(60_000)
    const names = await filesOf('index')
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

  it('/a/:id, /s/:token, /embed/:id – document → names its page and every script that it imports', async function () {
    this.timeout(60_000)
    for (const page of ['asset', 'link', 'embed']) {
      const names = await filesOf(page)
      const scripts = names.filter((name) => name.endsWith('.js'))
      expect(scripts.filter((name) => name.startsWith(`${page}-`))).to.have.length(1)
      expect(scripts.length, scripts.join(', ')).to.be.at.most(MAX_SCRIPTS)
      for (const script of scripts) {
        const source = await readFile(`dist/web/files/${script}`, 'utf8')
        const imported = [...source.matchAll(/(?:from|import)\s*"\.\/([^"]+)"/g)].map(([, name]) => name)
        expect(scripts, script).to.include.members(imported)
      }
    }
  })
})
