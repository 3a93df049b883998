import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { expect } from 'chai'
import { Asset } from '../../models/asset.ts'
import { User } from '../../models/user.ts'
import { startApp, type TestApp } from '../support/app/app.ts'
import { storedBytes } from '../support/app/state.ts'

const run = promisify(execFile)
const SCRIPTS = resolve('scripts')

describe('scripts/example-ws.js', () => {
  let app: TestApp
  let folder: string
  before(async () => {
    app = await startApp()
    folder = await mkdtemp(join(tmpdir(), 'kura-example-'))
  })
  after(async () => {
    await app.stop()
    await rm(folder, { recursive: true, force: true })
  })

  const runWith = (env: Record<string, string>, ...args: string[]) =>
    run(process.execPath, [join(SCRIPTS, 'example-ws.js'), ...args], {
      cwd: folder,
      env: { PATH: process.env.PATH, ...env },
    })
  const example = async (...args: string[]) => (await runWith({ KURA: app.origin }, ...args)).stdout

  it('example:ws – no arguments → creates an account, uploads, receives events, deletes all', async () => {
    const stdout = await example()
    for (const line of [
      new RegExp(`^connecting to ${app.origin.replace('http', 'ws')}/ws$`, 'm'),
      /^signed in as example-\d+$/m,
      /^event {2}upload\.ready/m,
      /^event {2}asset\.created [0-9a-f]{24} triangle\.obj, version 1$/m,
      /^event {2}space 32 of 50000000000 bytes used$/m,
      /^stored triangle\.obj, 32 bytes, sha256 [0-9a-f]{64}$/m,
      /^found {2}triangle\.obj$/m,
      /^event {2}asset\.deleted [0-9a-f]{24}$/m,
      /^event {2}space 0 of 50000000000 bytes used$/m,
      /^closed 1005$/m,
      /^deleted the account example-\d+$/m,
    ])
      expect(stdout, stdout).to.match(line)
    expect(await User.countDocuments()).to.equal(0)
    expect(await Asset.countDocuments()).to.equal(0)
    expect(await storedBytes(app)).to.equal(0)
  })

  it('example:ws – PORT in the environment or in .env → connects to that port', async () => {
    const { port } = new URL(app.origin)
    for (const env of [{ PORT: port }, {}]) {
      if (!env.PORT) await writeFile(join(folder, '.env'), `PORT=${port}\n`)
      const { stdout } = await runWith(env)
      expect(stdout)
        .to.contain(`connecting to ws://localhost:${port}/ws\n`)
        .and.to.contain('deleted the account')
    }
  })

  it('example:ws – no service there → one sentence with the address, exit code 1', async () => {
    const failed = await runWith({ KURA: 'http://127.0.0.1:1' }).catch((error) => error)
    expect(failed.code).to.equal(1)
    expect(failed.stderr).to.match(/^The service does not answer at ws:\/\/127\.0\.0\.1:1\/ws: [^\n]+\n$/)
  })

  it('example:ws – file given → uploaded in several frames', async () => {
    const path = join(folder, 'scan.bin')
    await writeFile(path, Buffer.alloc(1_000_000))
    expect(await example(path)).to.match(/^stored scan\.bin, 1000000 bytes/m)
  })
})
