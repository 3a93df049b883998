import { type ChildProcess, spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { expect } from 'chai'
import mongoose from 'mongoose'
import { connectDatabase, disconnectDatabase } from '../../app/lifecycle/database.ts'
import { Asset } from '../../models/asset.ts'
import { Session } from '../../models/session.ts'
import { User } from '../../models/user.ts'
import { withDatabase } from '../embedded/engine.ts'
import { freePort } from '../support/app/http.ts'
import { type LossyRelay, startLossyRelay } from '../support/app/lossy-relay.ts'
import { databaseUri } from '../support/app/mongo.ts'
import { killAll, type ServiceProcess, startProcess } from '../support/app/process.ts'
import { startBrowser, type TestBrowser } from '../support/browser.ts'
import { eventually } from '../support/eventually.ts'
import { outputOf, PYTHON, requireProgram, requirePython } from '../support/programs.ts'

const RECIPES = resolve('docs/clients')
/** Bytes of chair.glb that an earlier download stored. */
const PART = 1_000_000
/**
 * Memory that a recipe can use for a large file, in bytes: in Python besides the interpreter and the libraries, in Node in
 * all. A large file that is in memory as a whole does not fit.
 */
const PYTHON_MEMORY = 48_000_000
const NODE_MEMORY = 185_000_000
const PYTHON_LARGE = 80_000_000
const NODE_LARGE = 150_000_000

/** Returns the shell blocks of the page. */
async function blocksOf(page: string): Promise<string[]> {
  return [...(await readFile(page, 'utf8')).matchAll(/^```sh\n(.*?)^```$/gms)].map(([, block]) =>
    String(block),
  )
}

/** Runs a recipe with an address space that is limited after its libraries were loaded. */
const LIMITED_PYTHON = `
import re, resource, runpy, sys, requests, httpx
used = int(re.search(r'VmSize:\\s+(\\d+)', open('/proc/self/status').read())[1]) * 1024
resource.setrlimit(resource.RLIMIT_AS, (used + ${PYTHON_MEMORY},) * 2)
runpy.run_path(sys.argv[1])
`
/** Module that prints the largest memory of the process at its end, in bytes. */
const MEASURE = `data:text/javascript,process.on('exit',()=>console.log('max',process.resourceUsage().maxRSS*1024))`

const sha256Of = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')

const NAMES = ['Oak chair', 'chair.glb']
const NODE = (name: string, args = '') => `"${process.execPath}" ${args} "${RECIPES}/${name}"`
const PYTHON_RECIPE = (name: string, args = '') => `${PYTHON} ${args} "${RECIPES}/${name}"`

interface Recipe {
  name: string
  /** Its shell command; of the page, the number of the block. */
  command: string | number
  programs?: string[]
  modules?: string[]
  /** Names of the assets that it creates. Default: one by a form, one without. */
  names?: string[]
  /** Downloads that begin at the first byte. Default: none, because the recipe continues a download. */
  downloads?: number
  /** What it prints. */
  prints?: RegExp
  /** The command for a large file, which fails if it uses too much memory or prints how much it used; the file's size. */
  large?: [bytes: number, command: string]
}

const PRINTS = /^Oak chair\nunauthenticated\n$/
const RUN: Recipe[] = [
  {
    name: 'curl',
    command: 1,
    programs: ['curl', 'openssl'],
    prints: /^32\nOak chair\n\{.*"code":"unauthenticated".*\}\ncurl ended with 22\n$/,
  },
  {
    name: 'wget and aria2',
    command: 2,
    programs: ['curl', 'openssl', 'wget', 'aria2c'],
    names: ['Oak chair'],
    downloads: 2,
    prints: /^Oak chair\n\{.*"code":"not_found".*\}\nwget ended with 8\nwget ended with 6\n$/,
  },
  {
    name: 'fetch in Node',
    command: NODE('fetch.mjs'),
    large: [NODE_LARGE, NODE('fetch.mjs', `--import "${MEASURE}"`)],
  },
  {
    name: 'axios in Node',
    command: NODE('axios.mjs'),
    large: [NODE_LARGE, NODE('axios.mjs', `--import "${MEASURE}"`)],
  },
  {
    name: 'requests',
    command: PYTHON_RECIPE('with_requests.py'),
    modules: ['requests'],
    large: [PYTHON_LARGE, PYTHON_RECIPE('with_requests.py', '../limited.py')],
  },
  {
    name: 'httpx',
    command: PYTHON_RECIPE('with_httpx.py'),
    modules: ['httpx'],
    large: [PYTHON_LARGE, PYTHON_RECIPE('with_httpx.py', '../limited.py')],
  },
]

describe('docs/clients.md', function () {
  this.timeout(120_000)
  let data: string
  let folder: string
  let service: ServiceProcess
  let results: Promise<PromiseSettledResult<Awaited<ReturnType<typeof runLossy>>>>[]
  let blocks: string[]

  before(async function () {
    requireProgram(this, 'curl')
    data = await mkdtemp(join(tmpdir(), 'kura-recipes-data-'))
    folder = await mkdtemp(join(tmpdir(), 'kura-recipes-'))
    await writeFile(join(folder, 'limited.py'), LIMITED_PYTHON)
    blocks = await blocksOf('docs/clients.md')
    const uri = withDatabase(await databaseUri(), `kura-recipes-${randomBytes(6).toString('hex')}`)
    const env = { DATA_DIR: data, MONGODB_URI: uri, JWT_SECRET: 'x'.repeat(32), REGISTRATIONS_PER_HOUR: '0' }
    service = await startProcess(env)
    await connectDatabase(uri)
    await eventually(async () => expect((await fetch(`${service.origin}/readyz`)).ok).to.equal(true))
    // at the same time, because most of them wait before they repeat an upload
    results = RUN.map(async (recipe) => (await Promise.allSettled([runLossy(recipe)]))[0])
  })
  after(async () => {
    await Promise.all(results ?? [])
    await killAll()
    if (!folder) return
    await mongoose.connection.dropDatabase()
    await disconnectDatabase()
    await rm(folder, { recursive: true, force: true })
    await rm(data, { recursive: true, force: true })
  })

  /** Runs the first block of the page and then a command, in a folder of its own. */
  async function run(name: string, command: string, KURA: string) {
    const cwd = join(folder, name)
    await mkdir(cwd)
    const stdout = await outputOf('sh', ['-euc', `${blocks[0]}\n${command}`], { cwd, env: { KURA } })
    const account = JSON.parse(await readFile(join(cwd, 'account.json'), 'utf8'))
    return { cwd, stdout, username: String(account.res.user.username) }
  }

  /** Runs a recipe for which every first answer to an upload is lost, and a part of the download is stored. */
  async function runLossy({ name, command }: Recipe) {
    const relay = await startLossyRelay(service.origin)
    const recipe = typeof command === 'number' ? String(blocks[command]) : command
    try {
      const ended = await run(name, `head -c ${PART} chair.glb > copy.glb\n${recipe}`, relay.origin)
      return { ...ended, lost: relay.lost() }
    } finally {
      relay.close()
    }
  }

  /** Checks the records and the objects of an account. */
  async function expectStored(username: string, cwd: string, names: string[], downloads: number) {
    const user = await User.findOne({ username }).orFail().lean()
    const assets = await Asset.find({ owner: user._id }).sort({ name: 1 }).lean()
    expect(assets.map(({ name }) => name)).to.deep.equal(names)
    expect(assets[0]?.tags).to.deep.equal(['wood', 'oak'])
    for (const { files } of assets) {
      const [file] = files
      const sha256 = sha256Of(await readFile(join(cwd, String(file?.name))))
      expect(file).to.include({ sha256 })
      expect(sha256Of(await readFile(join(data, 'objects', String(file?.key))))).to.equal(sha256)
    }
    expect(assets.at(-1)?.downloads).to.equal(downloads)
    // that of the registration; the recipe has signed out
    expect(await Session.countDocuments({ user: user._id })).to.equal(1)
    expect(user.space).to.include({ files: names.length, reserved: 0 })
  }

  for (const [n, { name, command, programs = [], modules = [], ...expected }] of RUN.entries())
    it(`${name} – first answer to each upload lost, part of a download stored → stored once, continued`, async function () {
      requireProgram(this, ...programs)
      if (modules.length > 0) requirePython(this, ...modules)
      const { names = NAMES, downloads = 0, prints = PRINTS } = expected
      const result = await results[n]
      if (result?.status !== 'fulfilled') throw result?.reason
      const { cwd, stdout, username, lost } = result.value
      expect(stdout).to.match(prints)
      expect(lost).to.equal(names.length)
      await expectStored(username, cwd, names, downloads)
      const model = await readFile(join(cwd, 'chair.glb'))
      const copies = command === 2 ? ['copy.glb', 'aria2.glb', 'by-name/chair.glb'] : ['copy.glb']
      for (const copy of copies) expect((await readFile(join(cwd, copy))).equals(model), copy).to.equal(true)
    })

  for (const { name, large, modules = [] } of RUN)
    if (large)
      it(`${name} – large file → up and down in little memory`, async function () {
        if (modules.length > 0) requirePython(this, 'requests', 'httpx')
        const command = `truncate -s ${large[0]} chair.glb\n${large[1]}\ncmp chair.glb copy.glb`
        const { cwd, stdout } = await run(`${name} large`, command, service.origin)
        expect(stdout).to.match(/^Oak chair\nunauthenticated\n/)
        const [, used = '0'] = /max (\d+)/.exec(stdout) ?? []
        expect(Number(used)).to.be.lessThan(NODE_MEMORY)
        await rm(cwd, { recursive: true })
      })

  describe('pages of other origins', () => {
    let browser: TestBrowser
    let server: ChildProcess
    let origin: string

    before(async function () {
      requirePython(this)
      browser = await startBrowser(this)
      const port = await freePort()
      origin = `http://localhost:${port}`
      const [program, ...args] = String(blocks[3]).trim().replace('3000', String(port)).split(' ')
      expect(program).to.equal('python3')
      server = spawn(PYTHON, args, { stdio: 'ignore' })
      await eventually(async () => expect((await fetch(origin)).ok).to.equal(true))
    })
    after(async () => {
      await browser?.close()
      if (!server) return
      server.kill()
      await once(server, 'close')
    })

    async function runPage(name: string) {
      const relay = await startLossyRelay(service.origin)
      try {
        await usePage(name, relay)
      } finally {
        relay.close()
      }
    }

    async function usePage(name: string, relay: LossyRelay) {
      const { cwd, username } = await run(name, '', relay.origin)
      const context = await browser.open()
      await context.route(/^https:.*\/jquery@3\//, (route) =>
        route.fulfill({ path: createRequire(import.meta.url).resolve('jquery') }),
      )
      const page = await context.newPage()
      await page.goto(`${origin}/${name}.html#${relay.origin}`)
      await page.locator('input').nth(0).fill(username)
      await page.locator('input').nth(1).fill('seven red lanterns')
      await page.setInputFiles('[type=file]', join(cwd, 'chair.glb'))
      const downloading = page.waitForEvent('download')
      await page.click('button')
      const download = await downloading
      expect(download.suggestedFilename()).to.equal('chair.glb')
      const model = await readFile(join(cwd, 'chair.glb'))
      expect((await readFile(await download.path())).equals(model)).to.equal(true)
      const output = page.locator('pre')
      await eventually(async () => expect(await output.innerText()).to.equal('Oak chair\nunauthenticated\n'))
      await expectStored(username, cwd, NAMES, 1)
      expect(relay.lost()).to.equal(NAMES.length)
    }

    it('jquery.html and fetch.html – first answer to each upload lost → stored once, downloaded by the browser', async () => {
      await Promise.all(['jquery', 'fetch'].map(runPage))
    })
  })
})
