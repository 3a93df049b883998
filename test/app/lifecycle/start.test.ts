import { execFile } from 'node:child_process'
import { chmod, copyFile, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect } from 'chai'
import { pino } from 'pino'
import { whenReachable } from '../../../app/lifecycle/database.ts'
import { freePort } from '../../support/app/http.ts'
import { killAll, runProcess, startProcess } from '../../support/app/process.ts'
import { eventually } from '../../support/eventually.ts'
import { requireProgram } from '../../support/programs.ts'

const run = promisify(execFile)
const SECRET = 'a-secret-that-only-tests-use-0123456789'
/** Nothing listens on port 1. */
const NO_DATABASE = 'mongodb://127.0.0.1:1/kura'

describe('start of the process', function () {
  this.timeout(120_000)
  let folder: string

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kura-start-'))
  })
  afterEach(async () => {
    await killAll()
    await run('chmod', ['-R', 'u+rwX', folder])
    await rm(folder, { recursive: true, force: true })
  })

  it('start – DATA_DIR cannot be written → exit code 1, one sentence with the path', async function () {
    // the superuser can write everywhere, so the process gets another user
    const isRoot = process.getuid?.() === 0
    if (isRoot) requireProgram(this, 'setpriv')
    const asUser = isRoot ? 'exec setpriv --reuid=65534 --regid=65534 --clear-groups "$@"' : ':'
    const used = join(folder, 'used')
    const first = await startProcess({ DATA_DIR: used })
    first.signal('SIGTERM')
    await first.ended
    const empty = join(folder, 'empty')
    await mkdir(empty)
    for (const path of [empty, used, ...(await readdir(used)).map((name) => join(used, name))])
      await chmod(path, path.endsWith('jwt-secret') ? 0o444 : 0o555)
    await chmod(folder, 0o755)
    for (const [dir, env, path] of [
      ['empty', {}, 'empty/mongo'],
      ['empty/missing', {}, 'empty/missing'],
      ['used', {}, 'used/mongo'],
      ['used', { MONGODB_URI: NO_DATABASE, JWT_SECRET: SECRET }, 'used/objects'],
    ] as const) {
      const { output, ended } = runProcess({ DATA_DIR: join(folder, dir), ...env }, 'server.ts', asUser)
      expect(await ended, output()).to.equal(1)
      const said = `^Kura cannot start: ${join(folder, path)}\\S* cannot be read and written by this user`
      expect(output())
        .to.match(new RegExp(said))
        .and.to.match(/\nSet DATA_DIR [^\n]+\n$/)
    }
  })

  it('npm start – packages or compiler not installed → exit code 1, one sentence', async () => {
    await mkdir(join(folder, 'scripts'))
    await copyFile('package.json', join(folder, 'package.json'))
    for (const name of ['start.js', 'ensure-built.js', 'ensure-installed.js', 'build.js', 'bundle.js'])
      await copyFile(join('scripts', name), join(folder, 'scripts', name))
    const refused = async (...args: string[]) => {
      const error = await run('npm', ['run', '--silent', ...args], { cwd: folder }).catch((failed) => failed)
      return { code: error.code, stderr: error.stderr }
    }
    for (const name of ['start', 'dev', 'db:migrate', 'example:ws'])
      expect(await refused(name)).to.deep.equal({
        code: 1,
        stderr: 'Kura cannot start: its packages are not installed. Run `npm ci` first.\n',
      })
    await mkdir(join(folder, 'node_modules/lmdb'), { recursive: true })
    expect(await refused('start')).to.deep.equal({
      code: 1,
      stderr:
        'Kura cannot start: it is not compiled, and the compiler is not installed. Run `npm ci --include=dev` first.\n',
    })
    await mkdir(join(folder, 'node_modules/esbuild'))
    const { code, stderr } = await refused('start')
    expect(code).to.equal(1)
    expect(stderr).to.match(/^Kura cannot start: it cannot be compiled.*run `npm ci` first\.\n$/)
  })

  it('whenReachable – name of the database cannot be resolved → tries again', async () => {
    const log = pino({ level: 'silent' })
    const errors = [
      { syscall: 'querySrv', code: 'ECONNREFUSED' },
      { syscall: 'queryTxt', code: 'ETIMEOUT' },
      { syscall: 'queryCname', code: 'ESERVFAIL' },
      { syscall: 'getaddrinfo', code: 'EAI_AGAIN' },
    ]
    const attempts = errors.map(async (fields) => {
      let tries = 0
      const work = async () => {
        tries += 1
        if (tries === 1) throw Object.assign(new Error('of the system'), fields)
      }
      await whenReachable(work, log, new AbortController().signal)
      return tries
    })
    expect(await Promise.all(attempts)).to.deep.equal(errors.map(() => 2))
  })

  it('start – production → every line is JSON, one has the address; misspelt variables are warned about', async () => {
    const port = await freePort()
    const env = { NODE_ENV: 'production', MONGODB_URI: NO_DATABASE, JWT_SECRET: SECRET }
    const misspelt = { MONGODB_URL: 'hunter2', KURA_PORT: '1' }
    const { output, signal, ended } = await startProcess({
      ...env,
      ...misspelt,
      DATA_DIR: folder,
      PORT: String(port),
    })
    await eventually(() => expect(output()).to.contain('trying again'), 30_000)
    signal('SIGTERM')
    await ended
    const lines = output()
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    const address = `http://localhost:${port}`
    expect(lines.find(({ msg }) => msg === `Kura listens on ${address}`)).to.include({ level: 30, address })
    const warned = lines.filter(({ msg }) => msg.includes('is not a variable'))
    expect(warned.map(({ level, msg }) => [level, msg.split(' ')[0]])).to.have.deep.members([
      [40, 'MONGODB_URL'],
      [40, 'KURA_PORT'],
    ])
    expect(output()).to.not.contain('hunter2')
  })

  it('start – production, LOG_LEVEL=error → the line with the address all the same', async () => {
    const env = { NODE_ENV: 'production', MONGODB_URI: NO_DATABASE, JWT_SECRET: SECRET, LOG_LEVEL: 'error' }
    const { output } = await startProcess({ ...env, DATA_DIR: folder })
    const line = output()
      .split('\n')
      .find((one) => one.includes('listens'))
    expect(JSON.parse(line ?? '')).to.include({ level: 30 })
  })
})
