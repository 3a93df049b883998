import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { startApp, type TestApp } from '../support/app/app.ts'
import { runTour } from '../support/app/tour.ts'
import { requireProgram } from '../support/programs.ts'

describe('README tour in zsh', function () {
  this.timeout(60_000)
  let app: TestApp
  let folder: string

  before(async function () {
    requireProgram(this, 'curl', 'zsh')
    app = await startApp()
    folder = await mkdtemp(join(tmpdir(), 'kura-tour-'))
  })
  after(async () => {
    await app?.stop()
    if (folder) await rm(folder, { recursive: true, force: true })
  })

  it('README tour – zsh without configuration, then interactive → works, no error of the shell', async () => {
    for (const flags of ['-f', '-fi']) {
      const { stderr } = await runTour(app, folder, ['zsh', flags])
      expect(stderr, flags).to.not.match(/zsh: |curl: /)
    }
  })
})
