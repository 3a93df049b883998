import { execFile, spawnSync } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect } from 'chai'
import { Asset } from '../../models/asset.ts'
import { Project } from '../../models/project.ts'
import { startApp, type TestApp } from '../support/app/app.ts'

const run = promisify(execFile)

describe('docs/compat.md', function () {
  this.timeout(60_000)
  let app: TestApp
  let folder: string

  before(async function () {
    if (spawnSync('curl', ['--version']).status !== 0) this.skip()
    app = await startApp()
    folder = await mkdtemp(join(tmpdir(), 'kura-compat-'))
  })
  after(async () => {
    await app?.stop()
    if (folder) await rm(folder, { recursive: true, force: true })
  })

  it('docs/compat.md – examples → work as written', async () => {
    const page = await run(process.execPath, ['scripts/print-tour.js', 'docs/compat.md'])
    const options = { cwd: folder, env: { PATH: process.env.PATH, KURA: app.origin }, timeout: 45_000 }
    const { stdout } = await run('sh', ['-euxc', page.stdout], options)

    const [created = '', username, removed = '', images, overlay, overlays, email, title, ...rest] = stdout
      .trim()
      .split(/\n|(?<=\}\})/)
    expect(rest).to.deep.equal([])
    expect(JSON.parse(created)).to.have.property('status', 'success')
    expect(JSON.parse(removed)).to.have.property('status', 'success')
    expect({ username, images, overlay, overlays, email, title }).to.deep.equal({
      username: 'meck',
      images: '1',
      overlay: 'rain.gif',
      overlays: '1',
      email: 'kumo@example.org',
      title: 'Our room',
    })

    expect(await readFile(join(folder, 'shown.png'))).to.deep.equal(await readFile(join(folder, 'room.png')))
    const [project, ...others] = await Project.find().lean()
    expect(others).to.deep.equal([])
    expect(project?.scenes).to.have.length(1)
    expect((await Asset.find().lean()).map(({ name }) => name).sort()).to.deep.equal([
      'Our room',
      'rain.gif',
      'room.png',
      'room.png',
    ])
  })
})
