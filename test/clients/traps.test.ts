import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import axios, { type AxiosError } from 'axios'
import { expect } from 'chai'
import { Asset } from '../../models/asset.ts'
import { startApp, type TestApp } from '../support/app/app.ts'
import { listen } from '../support/app/http.ts'
import { signUp, type TestUser } from '../support/app/users.ts'
import { startBrowser, type TestBrowser } from '../support/browser.ts'
import { outputOf, PYTHON, requireProgram, requirePython, runProgram } from '../support/programs.ts'

const { resolve } = createRequire(import.meta.url)
const SCRIPTS = [resolve('jquery'), join(dirname(resolve('axios')), '../axios.min.js')]
const NAME = 'Stühl.obj'
const CONTENT = 'v 0 0 0\nv 1 0 0\n'

/** Uploads that a page sends. Each returns the status, the error code or the exception. */
const PAGE = `async ([url, token]) => {
  const headers = { Authorization: 'Bearer ' + token }
  const byHand = { ...headers, 'Content-Type': 'multipart/form-data' }
  const form = () => {
    const data = new FormData()
    data.append('files', new Blob(['x']), 'a.txt')
    return data
  }
  const byJQuery = (more) => new Promise((done) => {
    try {
      $.ajax({ method: 'POST', url, headers, data: form(), ...more })
        .done(() => done('stored'))
        .fail((answer) => done(answer.status + ' ' + (answer.responseJSON?.err.code ?? '')))
    } catch (error) {
      done(error.message)
    }
  })
  const byFetch = fetch(url, { method: 'POST', headers: byHand, body: form() })
    .then(async (answer) => answer.status + ' ' + (await answer.json()).err.code, (error) => error.name)
  return {
    processed: await byJQuery({}),
    typed: await byJQuery({ processData: false }),
    right: await byJQuery({ processData: false, contentType: false }),
    fetched: await byFetch,
    axios: await axios.post(url, form(), { headers: byHand }).then(() => 'stored', (error) => error.code),
  }
}`

const PYTHON_SETUP = `
import os, re, resource, sys
url, headers = os.environ['URL'], {'Authorization': 'Bearer ' + os.environ['TOKEN']}
def limit():
    used = int(re.search(r'VmSize:\\s+(\\d+)', open('/proc/self/status').read())[1]) * 1024
    resource.setrlimit(resource.RLIMIT_AS, (used + 48_000_000,) * 2)
`
const REQUESTS = `${PYTHON_SETUP}
import requests
limit()
try:
    requests.post(url, headers=headers, files={'files': open('large', 'rb')})
except MemoryError:
    print('MemoryError')
`
const HTTPX = `${PYTHON_SETUP}
import httpx
limit()
print(httpx.post(url, headers=headers, files={'files': open('large', 'rb')}, timeout=60).status_code)
`
const AIOHTTP = `${PYTHON_SETUP}
import aiohttp, asyncio
async def main():
    async with aiohttp.ClientSession(headers=headers) as session:
        for quote in (True, False):
            form = aiohttp.FormData(quote_fields=quote)
            form.add_field('files', open('a.obj', 'rb'), filename='${NAME}')
            async with session.post(url, data=form) as answer:
                print((await answer.json())['res']['asset']['files'][0]['name'])
asyncio.run(main())
`

/** What docs/clients.md says about mistakes and differences of clients. */
describe('traps of clients', function () {
  this.timeout(60_000)
  let app: TestApp
  let ada: TestUser
  let folder: string
  let url: string
  let headers: { Authorization: string }

  before(async () => {
    app = await startApp()
    ada = await signUp(app, 'ada')
    url = `${app.origin}/api/assets`
    headers = { Authorization: `Bearer ${ada.token}` }
    folder = await mkdtemp(join(tmpdir(), 'kura-traps-'))
    await writeFile(join(folder, 'a.obj'), CONTENT)
    await writeFile(join(folder, 'large'), Buffer.alloc(80_000_000))
  })
  after(async () => {
    await app.stop()
    await rm(folder, { recursive: true, force: true })
  })

  describe('pages', () => {
    let browser: TestBrowser
    let server: Server

    before(async function () {
      browser = await startBrowser(this)
      server = createServer((_req, res) =>
        res.setHeader('Content-Type', 'text/html').end('<title>page</title>'),
      )
    })
    after(async () => {
      await browser?.close()
      server?.close()
    })

    it('jQuery, fetch and axios – options of a form left out or set by hand, origin refused → as documented', async () => {
      const { port } = new URL(await listen(server))
      const context = await browser.open()
      const sendFrom = async (host: string) => {
        const page = await context.newPage()
        await page.goto(`http://${host}:${port}/`)
        for (const path of SCRIPTS) await page.addScriptTag({ path })
        return page.evaluate(`(${PAGE})(${JSON.stringify([url, ada.token])})`)
      }
      const before = await Asset.countDocuments()
      expect(await sendFrom('localhost')).to.deep.equal({
        processed: 'Illegal invocation',
        typed: '415 unsupported_media',
        right: 'stored',
        fetched: '400 malformed_upload',
        axios: 'stored',
      })
      expect(await Asset.countDocuments()).to.equal(before + 2)
      expect(await sendFrom('page.localhost')).to.deep.include({ right: '0 ', fetched: 'TypeError' })
    })
  })

  it('fetch and axios in Node – Content-Type of a form set by hand, token missing, error as a stream → as documented', async () => {
    const form = () => {
      const data = new FormData()
      data.append('files', new Blob(['x']), 'a.txt')
      return data
    }
    const byHand = { ...headers, 'Content-Type': 'multipart/form-data' }
    const answer = await fetch(url, { method: 'POST', headers: byHand, body: form() })
    expect([answer.status, await answer.text()].join(' ')).to.match(/^400 .*"malformed_upload".*no boundary/)
    expect((await axios.post(url, form(), { headers: byHand })).status).to.equal(201)

    const Authorization = `Bearer ${undefined}`
    const refused = axios.get(url, { headers: { Authorization }, responseType: 'stream' })
    const { response } = (await refused.catch((error: unknown) => error)) as AxiosError<NodeJS.ReadableStream>
    expect(response?.status).to.equal(401)
    expect(response && (await text(response.data))).to.match(/"unauthenticated".*in place of a token/)
  })

  for (const { module, script, prints } of [
    { module: 'requests', script: REQUESTS, prints: 'MemoryError' },
    { module: 'httpx', script: HTTPX, prints: '201' },
    { module: 'aiohttp', script: AIOHTTP, prints: `${encodeURI(NAME)}\n${NAME}` },
  ])
    it(`${module} – large form, or name with umlaut → as documented`, async function () {
      requirePython(this, module)
      const env = { URL: url, TOKEN: ada.token }
      expect((await outputOf(PYTHON, ['-c', script], { cwd: folder, env })).trim()).to.equal(prints)
    })

  it('curl – Expect, -d @file, --fail-with-body, -OJ → as documented', async function () {
    requireProgram(this, 'curl')
    const files = `${app.origin}/api/files/${encodeURIComponent(NAME)}`
    const curl = (...args: string[]) => runProgram('curl', ['-sS', ...args], { cwd: folder })
    const size = ['-o', '/dev/null', '-w', '%{http_code} %{size_upload}']
    expect((await curl('-T', 'large', files, ...size)).stdout).to.equal('401 0')

    const signedIn = ['-H', `Authorization: ${headers.Authorization}`]
    const put = async (option: string) => {
      const { stdout } = await curl(...signedIn, '-X', 'PUT', option, '@a.obj', files)
      return JSON.parse(stdout).res.asset
    }
    expect((await put('-d')).size).to.equal(CONTENT.replaceAll('\n', '').length)
    const asset = await put('--data-binary')
    expect(asset.size).to.equal(CONTENT.length)

    const failed = await curl('--fail-with-body', `${url}/unknown`)
    expect([failed.status, failed.stdout].join(' ')).to.match(/^22 .*"not_found"/)
    expect(await curl('-f', `${url}/unknown`)).to.include({ status: 22, stdout: '' })
    const saved = await curl(...signedIn, '-OJ', '-w', '%{filename_effective}', `${url}/${asset.id}/download`)
    expect(saved.stdout).to.equal('St_hl.obj')
  })

  it('wget – without --content-disposition, without --content-on-error, 401 → as documented', async function () {
    requireProgram(this, 'wget')
    const { body } = await ada.put('/api/files/b.obj').send(Buffer.from(CONTENT)).expect(201)
    const wget = (...args: string[]) =>
      runProgram('wget', ['-q', '--header', `Authorization: ${headers.Authorization}`, ...args], {
        cwd: folder,
      })
    await wget(`${url}/${body.res.asset.id}/download`)
    expect(await readdir(folder))
      .to.include('download')
      .and.not.include('b.obj')
    const options = ['-O-', '--content-on-error']
    expect(await wget('-O-', `${url}/unknown`)).to.include({ status: 8, stdout: '' })
    expect((await wget(...options, `${url}/unknown`)).stdout).to.match(/"not_found"/)
    const signedOut = ['--header', 'Authorization: Bearer undefined']
    expect(await wget(...options, ...signedOut, url)).to.include({ status: 6, stdout: '' })
  })
})
