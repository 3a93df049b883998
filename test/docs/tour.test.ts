import { execFile, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect } from 'chai'
import sharp from 'sharp'
import { Asset } from '../../models/asset.ts'
import { User } from '../../models/user.ts'
import { startApp, type TestApp } from '../support/app/app.ts'
import { storedBytes } from '../support/app/state.ts'

const run = promisify(execFile)
const has = (command: string) => spawnSync(command, ['--version']).status === 0

describe('README tour', function () {
  this.timeout(60_000)
  let app: TestApp
  let folder: string

  before(async function () {
    if (!has('curl') || !has('sha256sum')) this.skip()
    app = await startApp()
    folder = await mkdtemp(join(tmpdir(), 'kura-tour-'))
  })
  after(async () => {
    await app?.stop()
    if (folder) await rm(folder, { recursive: true, force: true })
  })

  it('README tour – as written → works, no asset left', async () => {
    const tour = await run(process.execPath, ['scripts/print-tour.js'])
    const options = { cwd: folder, env: { PATH: process.env.PATH, KURA: app.origin } }
    const { stdout } = await run('sh', ['-euc', tour.stdout], options)

    const model = await readFile(join(folder, 'chair.obj'))
    const sha256 = createHash('sha256').update(model).digest('hex')
    expect(await readFile(join(folder, 'downloaded.obj'))).to.deep.equal(model)
    expect((await sharp(join(folder, 'chair.png')).metadata()).format).to.equal('png')
    expect(stdout.match(new RegExp(sha256, 'g'))).to.have.length(3)
    expect(stdout).to.contain("[ 'Oak chair' ]").and.to.contain('Oak stool')
    for (const shown of ["[ 'read' ]", '"link_expired"', '"locked"', "'asset.deleted'"])
      expect(stdout).to.contain(shown)
    expect(stdout.trimEnd()).to.match(/"code":"not_found"[^\n]*$/)

    expect(await User.countDocuments({ username: 'ada' })).to.equal(1)
    expect(await Asset.countDocuments()).to.equal(0)
    expect(await storedBytes(app)).to.equal(0)
  })
})
