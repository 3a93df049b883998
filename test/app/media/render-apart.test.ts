import { execFileSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { RenderFault, renderApart } from '../../../app/media/render-apart.ts'
import { png } from '../../support/samples.ts'

describe('renderApart', () => {
  let folder: string
  const job = (name: string) => ({ path: join(folder, name), side: 32, animated: false })

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'render-'))
    await writeFile(join(folder, 'whole.png'), await png({ width: 64, height: 48 }))
    execFileSync('mkfifo', [join(folder, 'endless')])
  })
  after(() => rm(folder, { recursive: true }))

  const fault = (rendering: Promise<unknown>) => rendering.catch((error: unknown) => error)

  it('renders', async () => {
    expect(await renderApart(job('whole.png'))).to.include({ width: 32, height: 24 })
  })

  it('says what is wrong with a picture', async () => {
    const error = await fault(renderApart(job('missing.png')))
    expect(error).to.be.instanceOf(RenderFault).and.have.property('message').that.contains('missing')
  })

  it('ends a picture that never does, and renders those that wait behind it', async () => {
    const [stuck, ...rest] = await Promise.all([
      fault(renderApart(job('endless'), 300)),
      renderApart(job('whole.png')),
      renderApart(job('whole.png')),
    ])
    expect(stuck).to.be.instanceOf(RenderFault).and.have.property('message').that.contains('SIGKILL')
    for (const picture of rest) expect(picture).to.include({ width: 32, height: 24 })
  })
})
