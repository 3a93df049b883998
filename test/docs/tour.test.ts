import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect } from 'chai'
import { describeStart, greetingText } from '../../app/lifecycle/greeting.ts'
import { User } from '../../models/user.ts'
import { startApp, type TestApp } from '../support/app/app.ts'
import { runTour } from '../support/app/tour.ts'
import { requireProgram } from '../support/programs.ts'

const run = promisify(execFile)

describe('README tour', function () {
  this.timeout(60_000)
  let app: TestApp
  let folder: string

  before(async function () {
    requireProgram(this, 'curl', 'sha256sum')
    app = await startApp()
    folder = await mkdtemp(join(tmpdir(), 'kura-tour-'))
  })
  after(async () => {
    await app?.stop()
    if (folder) await rm(folder, { recursive: true, force: true })
  })

  it('README tour – after the first command of the start, twice → works, no asset left; the start names what to open', async () => {
    const { port } = new URL(app.origin)
    const greeting = await describeStart(app.context, Number(port), Promise.resolve(), null)
    expect(greetingText(greeting).split('\n')[0]).to.equal(
      `Kura listens on http://localhost:${port} – open it in a browser`,
    )
    expect(greetingText({ ...greeting, web: false })).to.not.contain('browser')
    const [, command = ''] = / try +(.*)/.exec(greetingText(greeting)) ?? []
    expect(JSON.parse((await run('sh', ['-c', command])).stdout)).to.have.property('status', 'success')
    for (let count = 1; count <= 2; count += 1) {
      await runTour(app, folder, ['sh', '-eu'])
      expect(await User.countDocuments({ username: /^(ada|grace)-\d+-\d+$/ })).to.equal(2 * count)
    }
  })
})
