import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { register } from '../support/app/client.ts'
import { compiled } from '../support/app/compiled.ts'
import { freePort } from '../support/app/http.ts'
import { killAll, runProcess } from '../support/app/process.ts'
import { eventually } from '../support/eventually.ts'

/** Requests with long URLs that log more than a pipe and the waiting lines can hold. */
const MANY_REQUESTS = 400

describe('unwritable log', function () {
  this.timeout(120_000)
  let folder: string
  let env: Record<string, string>
  let origin: string

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kura-log-'))
    const port = String(await freePort())
    origin = `http://127.0.0.1:${port}`
    env = { DATA_DIR: folder, PORT: port }
  })
  afterEach(async () => {
    await killAll()
    await rm(folder, { recursive: true, force: true })
  })

  const serve = async () => {
    await eventually(async () => expect((await fetch(`${origin}/healthz`)).status).to.equal(200), 60_000)
    await register(origin)
    const path = `${origin}/api/assets?q=${'x'.repeat(200)}/${'y'.repeat(4000)}`
    for (let n = 0; n < MANY_REQUESTS; n++)
      await (await fetch(path, { headers: { 'X-Request-Id': 'a'.repeat(100) } })).arrayBuffer()
    expect((await fetch(`${origin}/healthz`)).status).to.equal(200)
  }
  const dropped = async () => {
    const text = await (await fetch(`${origin}/metrics`)).text()
    return Number(/^kura_log_lines_dropped_total (\d+)/m.exec(text)?.[1])
  }

  const BROKEN: [name: string, shell: string, reported: boolean][] = [
    ['to a full disk', 'exec >/dev/full', true],
    [
      'to a pipe that nobody reads any more',
      'mkfifo $DATA_DIR/log; head -n 1 $DATA_DIR/log >/dev/null & exec >$DATA_DIR/log',
      true,
    ],
    ['to a full disk, standard error too', 'exec >/dev/full 2>&1', false],
    ['to closed outputs', 'exec >&- 2>&-', false],
  ]
  for (const [name, shell, reported] of BROKEN)
    it(`unwritable log – ${name} → service continues, one message, exit code 0`, async () => {
      const service = runProcess(env, 'server.ts', shell)
      await serve()
      if (!name.includes('closed')) expect(await dropped()).to.be.above(MANY_REQUESTS / 2)
      const reports = service.output().match(/cannot write its log/g)?.length ?? 0
      expect(reports).to.equal(reported ? 1 : 0)
      service.signal('SIGTERM')
      expect(await service.ended).to.equal(0)
    })

  it('unwritable log – log and stderr to pipes that nobody reads → lines dropped, service continues', async () => {
    const ours = spawn(process.execPath, [compiled('server.ts')], {
      env: { PATH: process.env.PATH, HOST: '127.0.0.1', BCRYPT_COST: '4', LOG_LEVEL: 'info', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    try {
      ours.stdout.pause()
      ours.stderr.pause()
      const ended = new Promise((resolve) => ours.once('exit', resolve))
      await serve()
      for (let n = 0; n < 20 && !((await dropped()) > 0); n++) await serve()
      expect(await dropped()).to.be.above(0)
      ours.kill('SIGTERM')
      expect(await ended).to.equal(0)
    } finally {
      ours.kill('SIGKILL')
    }
  })
})
