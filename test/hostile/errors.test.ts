import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { killAll, runProcess, startProcess } from '../support/app/process.ts'
import { eventually } from '../support/eventually.ts'

/** Module loaded before the service. Throws the kind of error that a line on standard input names. */
const ERRORS = `
import { EventEmitter } from 'node:events'
const errors = {
  rejection: () => void Promise.reject(new Error('made by the test')),
  nothing: () => void Promise.reject(undefined),
  connection: () => new EventEmitter().emit('error', Object.assign(new Error('made by the test'), { code: 'EPIPE', syscall: 'write' })),
  exception: () => { throw new Error('made by the test') },
  exceptions: () => setInterval(() => { throw new Error('made by the test') }, 5),
  null: () => { throw null },
}
process.stdin.on('data', (line) => setImmediate(errors[String(line).trim()])).unref()
`

describe('unhandled errors', function () {
  this.timeout(60_000)
  let folder: string
  let env: Record<string, string>

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kura-errors-'))
    await writeFile(join(folder, 'errors.mjs'), ERRORS)
    env = { DATA_DIR: join(folder, 'data'), NODE_OPTIONS: `--import=${join(folder, 'errors.mjs')}` }
  })
  afterEach(async () => {
    await killAll()
    await rm(folder, { recursive: true, force: true })
  })

  for (const [error, kind] of [
    ['rejection', 'rejection'],
    ['nothing', 'rejection'],
    ['connection', 'connection'],
  ] as const)
    it(`unhandled error – ${error} → logged and counted, process continues, exit code 0`, async () => {
      const { origin, writeLine, output, signal, ended } = await startProcess(env)
      for (const count of [1, 2]) {
        writeLine(error)
        await eventually(async () => {
          const metrics = await (await fetch(`${origin}/metrics`)).text()
          expect(metrics).to.contain(`kura_contained_errors_total{kind="${kind}"} ${count}`)
        })
      }
      expect(output().match(/"level":50/g)).to.have.length(2)
      signal('SIGTERM')
      expect(await ended).to.equal(0)
    })

  for (const error of ['exception', 'exceptions', 'null'])
    it(`unhandled error – ${error} → one fatal line, exit code 1`, async () => {
      const { writeLine, output, ended } = await startProcess(env)
      writeLine(error)
      expect(await ended).to.equal(1)
      expect(output().match(/"level":60/g)).to.have.length(1)
    })

  it('unhandled error – exception, log not writable → exit code 1', async () => {
    const { writeLine, output, ended } = runProcess(env, 'server.ts', 'exec >/dev/full')
    await eventually(() => expect(output()).to.contain('cannot write its log'), 30_000)
    writeLine('exceptions')
    expect(await ended).to.equal(1)
  })
})
