import { execFileSync } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import sharp from 'sharp'
import { RenderError, RenderLimit, renderIsolated, renderQueue } from '../../../app/media/render-isolated.ts'
import { longGif, longWebp } from '../../support/data/animations.ts'
import { animatedGif, png } from '../../support/data/samples.ts'
import { eventually } from '../../support/eventually.ts'

const ada = { user: 'ada' }
const times = { stillMs: 60_000, animationMs: 60_000 }

describe('renderIsolated', () => {
  let folder: string
  const job = (name: string, animated = false) => ({
    path: join(folder, name),
    side: 32,
    animated,
    canAnimate: name.endsWith('.gif'),
  })

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'render-'))
    await writeFile(join(folder, 'whole.png'), await png({ width: 64, height: 48 }))
    await writeFile(join(folder, 'moving.gif'), await animatedGif({ width: 64, height: 48, frames: 4 }))
    execFileSync('mkfifo', [join(folder, 'endless')])
  })
  after(() => rm(folder, { recursive: true }))

  const errorOf = (rendering: Promise<unknown>) => rendering.catch((error: unknown) => error)

  it('renderIsolated – image → rendered', async () => {
    expect(await renderIsolated(job('whole.png'), ada)).to.include({ width: 32, height: 24 })
  })

  it('renderIsolated – broken image → its error', async () => {
    const error = await errorOf(renderIsolated(job('missing.png'), ada))
    expect(error).to.be.instanceOf(RenderError).and.have.property('message').that.contains('missing')
  })

  it('renderIsolated – picture that never ends → RenderError, the waiting ones are rendered', async () => {
    const [stuck, ...rest] = await Promise.all([
      errorOf(renderIsolated(job('endless'), ada, { ...times, stillMs: 300 })),
      renderIsolated(job('whole.png'), ada),
      renderIsolated(job('whole.png'), ada),
    ])
    expect(stuck).to.be.instanceOf(RenderError).and.have.property('message').that.contains('too long')
    for (const picture of rest) expect(picture).to.include({ width: 32, height: 24 })
  })

  it('renderIsolated – GIF that never ends → RenderError', async () => {
    const job = { path: join(folder, 'endless'), side: 32, animated: false, canAnimate: true }
    const stuck = await errorOf(renderIsolated(job, ada, { ...times, stillMs: 300 }))
    expect(stuck).to.be.instanceOf(RenderError).and.have.property('message').that.contains('too long')
  })

  it('renderIsolated – GIF of 1,500 frames → first frame', async () => {
    await writeFile(join(folder, 'long.gif'), longGif(1500))
    const { data } = await renderIsolated(job('long.gif', true), ada, times)
    expect((await sharp(data).metadata()).pages ?? 1).to.equal(1)
  })

  it('renderIsolated – WebP of 50,000 frames → first frame, within 3 s', async () => {
    await writeFile(join(folder, 'long.webp'), await longWebp(50_000))
    const isolated = { ...job('long.webp'), canAnimate: true }
    expect(await renderIsolated(isolated, ada)).to.include({ width: 1, height: 1 })
  })

  it('renderIsolated – animation → all frames if fast enough, else the first frame', async () => {
    const frames = async (animationMs: number) => {
      const { data } = await renderIsolated(job('moving.gif', true), ada, { ...times, animationMs })
      return (await sharp(data).metadata()).pages ?? 1
    }
    expect(await frames(times.animationMs)).to.equal(4)
    expect(await frames(1)).to.equal(1)
  })

  it('renderIsolated – too little memory → smaller, then unavailable, or too large where the server has no more', async () => {
    const rendered = async (free: number, most = 1e9) => {
      const memory = () => ({ free, most })
      const { width } = await renderIsolated({ ...job('large.png'), side: 2048 }, ada, times, memory)
      return width
    }
    await writeFile(join(folder, 'large.png'), await png({ width: 3000, height: 3000 }))
    expect(await rendered(1e9)).to.equal(2048)
    expect(await rendered(50e6)).to.equal(1024)
    const refused = await errorOf(rendered(20e6))
    expect(refused).to.include({ status: 503, code: 'unavailable' })
    expect(refused).to.have.property('message').that.contains('needs more memory than the server has free')
    const impossible = await errorOf(rendered(20e6, 30e6))
    expect(impossible).to.be.instanceOf(RenderLimit)
    expect(impossible).to.have.property('message').that.contains('more memory than this server has')
  })

  it('renderIsolated – renderer killed by the system → unavailable, the next picture is rendered', async () => {
    let settled = false
    const stuck = errorOf(renderIsolated(job('endless'), ada, times)).finally(() => (settled = true))
    await eventually(async () => {
      for (const pid of await renderers()) {
        expect(await readFile(`/proc/${pid}/oom_score_adj`, 'utf8')).to.equal('1000\n')
        process.kill(pid, 'SIGKILL')
      }
      expect(settled).to.equal(true)
    })
    expect(await stuck).to.include({ status: 503, code: 'unavailable' })
    expect(await renderIsolated(job('whole.png'), ada)).to.include({ width: 32 })
  })

  it('renderIsolated – several users → in turns', async () => {
    const order: string[] = []
    const render = async (user: string) => {
      await renderIsolated(job('whole.png'), { user })
      order.push(user)
    }
    await Promise.all([...['ada', 'ada', 'ada', 'ada'].map(render), render('bob')])
    expect(order.indexOf('bob')).to.be.lessThan(3)
  })

  it('renderIsolated – client disconnects while its image waits → dropped', async () => {
    let release = () => {}
    const held = renderQueue.run('eve', () => new Promise<void>((resolve) => (release = resolve)))
    const client = new AbortController()
    const waiting = errorOf(renderIsolated(job('whole.png'), { ...ada, signal: client.signal }))
    client.abort()
    expect(await waiting).to.have.property('code', 'client_closed')
    expect(renderQueue.waiting).to.equal(0)
    release()
    await held
  })

  it('renderIsolated – process killed between two pictures → the next picture is rendered by a new one', async () => {
    await renderIsolated(job('whole.png'), ada)
    const running = await renderers()
    expect(running).to.have.length(1)
    for (const pid of running) process.kill(pid, 'SIGKILL')
    const pictures = [1, 2, 3].map(() => renderIsolated(job('whole.png'), ada))
    for (const picture of await Promise.all(pictures)) expect(picture).to.include({ width: 32 })
    await eventually(() => expect(renderQueue.running).to.equal(0))
  })
})

/** Returns the ids of the running renderers. */
async function renderers(): Promise<number[]> {
  const children = await readFile(`/proc/self/task/${process.pid}/children`, 'utf8')
  const found: number[] = []
  for (const child of children.trim().split(' ').filter(Boolean).map(Number)) {
    const command = await readFile(`/proc/${child}/cmdline`, 'utf8').catch(() => '')
    if (command.includes('render-process')) found.push(child)
  }
  return found
}
