import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { uniqueNames } from '../../app/assets/zip.ts'
import { startApp, type TestApp } from '../support/app/app.ts'
import type { AssetAnswer } from '../support/app/assets.ts'
import { signUp, type TestUser } from '../support/app/users.ts'
import { startBrowser, type TestBrowser } from '../support/browser.ts'
import { outputOf, PYTHON, requireProgram, requirePython } from '../support/programs.ts'
import { FILE_NAMES } from './file-names.table.ts'

const STORED = FILE_NAMES.map(([, sent, stored = String(sent)]) => stored)
const contentOf = (index: number) => `content of file ${index}`

/** Returns a multipart body with all files of the table. */
function multipartBody(boundary: string): Buffer {
  const parts = FILE_NAMES.map(([, sent], index) => {
    const escapes: Record<string, string> = { '"': '%22', '\r': '%0D', '\n': '%0A' }
    const name =
      typeof sent === 'string' ? Buffer.from(sent.replace(/["\r\n]/g, (found) => escapes[found] ?? '')) : sent
    return [
      Buffer.from(`--${boundary}\r\nContent-Disposition: form-data; name="files"; filename="`),
      ...[name, Buffer.from(`"\r\n\r\n${contentOf(index)}\r\n`)],
    ]
  })
  return Buffer.concat([...parts.flat(), Buffer.from(`--${boundary}--\r\n`)])
}

/** A file to download, and the folder to save it into. */
interface Wanted {
  url: string
  folder: string
}

interface Client {
  name: string
  download(files: Wanted[]): Promise<unknown>
  /** Returns the name under which the client saves a file. */
  saved(name: string): string
  /** Cuts names of more than 100 bytes. */
  cuts?: true
}

const CLIENTS: Client[] = [
  {
    name: 'curl',
    download: (files) => {
      const lines = files.map(
        ({ url, folder }) => `url=${url}\noutput-dir=${folder}\nremote-name\nremote-header-name\nfail\n`,
      )
      return outputOf('curl', ['-sS', '-K', '-'], { input: lines.join('next\n') })
    },
    // reads only `filename`
    saved: (name) => name.replace(/[^\x20-\x7e]|["\\]/gu, '_'),
  },
  {
    name: 'wget',
    download: (files) =>
      Promise.all(
        files.map(({ url, folder }) => outputOf('wget', ['-q', '--content-disposition', '-P', folder, url])),
      ),
    // decodes each name once more, also that of `filename`
    saved: (name) =>
      name
        .replace(/%([2-7][\da-f])/gi, (_all, code) => String.fromCharCode(Number(`0x${code}`)))
        .replaceAll('/', '%2F'),
    cuts: true,
  },
  {
    name: 'aria2c',
    download: (files) => {
      const lines = files.map(({ url, folder }) => `${url}\n  dir=${folder}\n`)
      return outputOf('aria2c', ['-q', '--no-conf', '-i', '-'], { input: lines.join('') })
    },
    saved: (name) => name,
  },
]

/** Reads the name of the header as a script with requests does it, which has no function for that. */
const REQUESTS = `
import json, re, sys, requests
from urllib.parse import unquote
names = []
for url in json.load(sys.stdin):
    response = requests.get(url)
    response.raise_for_status()
    header = response.headers['Content-Disposition']
    extended = re.search(r"filename\\*=UTF-8''([^;]+)", header)
    name = unquote(extended[1]) if extended else re.search(r'filename="([^"]*)"', header)[1]
    names.append([name, response.text])
json.dump(names, sys.stdout)
`

/** Characters that Chromium replaces in every name, and dots that it removes from its ends. */
const byChromium = (name: string) => name.replace(/["~*/:<>?\\|]|\p{Cf}/gu, '_').replace(/^\.+|\.+$/g, '')

const digest = (text: string) => createHash('sha256').update(text).digest('hex')

describe('file names', function () {
  this.timeout(60_000)
  let app: TestApp
  let ada: TestUser
  let asset: AssetAnswer
  let folder: string
  const urls = () => asset.files.map(({ url }) => app.origin + url)

  before(async () => {
    app = await startApp()
    ada = await signUp(app, 'ada')
    folder = await mkdtemp(join(tmpdir(), 'kura-names-'))
    const { body } = await ada
      .post('/api/assets')
      .set('Content-Type', 'multipart/form-data; boundary=names')
      .send(multipartBody('names'))
      .expect(201)
    // in the order of the table; an asset has its files by name
    const files = STORED.map((_, index) => digest(contentOf(index))).map((sha256) =>
      body.res.asset.files.find((file: { sha256: string }) => file.sha256 === sha256),
    )
    expect(files).to.have.members(body.res.asset.files)
    asset = { ...body.res.asset, files }
    await ada.patch(`/api/assets/${asset.id}`).send({ visibility: 'public' }).expect(200)
  })
  after(async () => {
    await app.stop()
    await rm(folder, { recursive: true, force: true })
  })

  it('POST /api/assets – 60 names → stored as the table says', () => {
    expect(asset.files.map(({ name }) => name)).to.deep.equal(STORED)
    expect(STORED.length).to.be.at.least(60)
  })

  for (const { name, download, saved, cuts } of CLIENTS)
    it(`GET /api/assets/:id/files/:fileId – ${name} → the names that it can read, the right content`, async function () {
      requireProgram(this, name)
      const wanted = urls().map((url, index) => ({ url, folder: join(folder, name, String(index)) }))
      for (const one of wanted) await mkdir(one.folder, { recursive: true })
      await download(wanted)
      for (const [index, { folder: own }] of wanted.entries()) {
        const expected = saved(String(STORED[index]))
        // a name can be cut within a character
        const [file = Buffer.alloc(0), ...more] = await readdir(own, 'buffer')
        const isCut = cuts && file.length > 100
        if (isCut) expect(Buffer.from(expected).subarray(0, file.length)).to.deep.equal(file)
        else expect(file.toString()).to.equal(expected)
        const path = Buffer.concat([Buffer.from(`${own}/`), file])
        expect(await readFile(path, 'utf8')).to.equal(contentOf(index))
        expect(more).to.deep.equal([])
      }
    })

  it('GET /api/assets/:id/files/:fileId – requests → every name', async function () {
    requirePython(this, 'requests')
    const found = await outputOf(PYTHON, ['-c', REQUESTS], { input: JSON.stringify(urls()) })
    expect(JSON.parse(found)).to.deep.equal(STORED.map((one, index) => [one, contentOf(index)]))
  })

  it('GET /api/assets/:id/download – zipfile of Python → every name, equal ones numbered', async function () {
    requirePython(this, 'zipfile')
    const zip = await fetch(`${app.origin}/api/assets/${asset.id}/download`)
    const path = join(folder, 'names.zip')
    await writeFile(path, Buffer.from(await zip.arrayBuffer()))
    const list = 'import json, sys, zipfile; json.dump(zipfile.ZipFile(sys.argv[1]).namelist(), sys.stdout)'
    expect(JSON.parse(await outputOf(PYTHON, ['-c', list, path]))).to.have.members(uniqueNames(STORED))
  })

  describe('Chromium', () => {
    let browser: TestBrowser
    before(async function () {
      browser = await startBrowser(this)
    })
    after(() => browser?.close())

    it('GET /api/assets/:id/files/:fileId – Chromium → every name, with _ for what it forbids', async () => {
      const page = await (await browser.open()).newPage()
      const found: [string, string][] = []
      for (const url of urls()) {
        const [download] = await Promise.all([
          page.waitForEvent('download'),
          // a navigation that becomes a download is aborted
          page.goto(url).catch(() => undefined),
        ])
        found.push([download.suggestedFilename(), await readFile(await download.path(), 'utf8')])
      }
      expect(found).to.deep.equal(STORED.map((one, index) => [byChromium(one), contentOf(index)]))
    })
  })
})
