import { existsSync } from 'node:fs'
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect } from 'chai'
import { json, register, send, uploadFile } from '../support/app/client.ts'
import { makeMongod } from '../support/app/mongod.ts'
import {
  killAll,
  runProcess,
  type ServiceProcess,
  startProcess,
  waitForOutput,
} from '../support/app/process.ts'
import { eventually } from '../support/eventually.ts'

/** Returns whether a process exists and has not ended. */
async function isRunning(pid: number): Promise<boolean> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => ') X')
  return !/\) [ZX]/.test(text)
}

/** Returns the other processes of the process group of a process. */
async function groupOf(pid: number): Promise<number[]> {
  const groupIn = (text: string) => text.split(') ')[1]?.split(' ')[2]
  const group = groupIn(await readFile(`/proc/${pid}/stat`, 'utf8'))
  const names = (await readdir('/proc')).filter((name) => /^\d+$/.test(name) && Number(name) !== pid)
  const found = await Promise.all(
    names.map(async (name) => {
      const text = await readFile(`/proc/${name}/stat`, 'utf8').catch(() => '')
      return groupIn(text) === group ? [Number(name)] : []
    }),
  )
  expect(found.flat()).to.have.length(2)
  return found.flat()
}

describe('KURA_MONGOD', function () {
  this.timeout(180_000)
  let folder: string
  let DATA_DIR: string
  let mongod: string
  let env: Record<string, string>

  before(function () {
    if (process.platform !== 'linux') this.skip()
  })
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kura-mongod-'))
    DATA_DIR = join(folder, 'data')
    mongod = await makeMongod(join(folder, 'bin'))
    env = { DATA_DIR, KURA_MONGOD: mongod }
  })
  afterEach(async () => {
    const pid = await serverPid().catch(() => undefined)
    await killAll()
    if (pid) await eventually(async () => expect(await isRunning(pid)).to.equal(false), 20_000)
    await rm(folder, { recursive: true, force: true })
  })

  const serverPid = async () =>
    JSON.parse(await readFile(join(DATA_DIR, 'mongod/state.json'), 'utf8')).pid as number

  async function stop(service: ServiceProcess): Promise<void> {
    service.signal('SIGTERM')
    expect(await service.ended).to.equal(0)
  }

  async function signIn(
    { origin }: ServiceProcess,
    { username, password }: { username: string; password: string },
  ) {
    await eventually(() => send(`${origin}/api/auth/login`, json({ login: username, password }), 200), 20_000)
  }

  async function fails(more: Record<string, string>): Promise<string> {
    const { ended, output } = runProcess({ ...env, ...more })
    expect(await ended).to.equal(1)
    expect(output()).to.not.contain('    at ')
    return output()
  }

  it('start and stop – path of a mongod → its database, private, stopped with the service, found by commands', async () => {
    const first = await startProcess(env)
    expect(first.output()).to.contain(`database  MongoDB 7.0.99 (${mongod}) in ${join(DATA_DIR, 'mongod')}.`)
    const ada = await register(first.origin)
    await uploadFile(ada, Buffer.from('content'))
    const described = await send<object>(`${first.origin}/api`, {}, 200)
    expect(described).to.include({ name: 'kura', docs: '/docs', storage: 'production' })
    expect(existsSync(join(DATA_DIR, 'mongo'))).to.equal(false)
    const entries = await readdir(join(DATA_DIR, 'mongod'), { recursive: true, withFileTypes: true })
    for (const entry of entries) {
      const mode = (await stat(join(entry.parentPath, entry.name))).mode
      if (!entry.isSocket()) expect(mode & 0o077, entry.name).to.equal(0)
    }
    expect(await readFile(join(DATA_DIR, 'mongod/mongod.log'), 'utf8'))
      .to.contain('"msg"')
      .and.not.contain('BCRYPT')

    expect(await fails({})).to.contain(`mongod is in use by process ${first.pid}`)
    const check = runProcess(env, 'commands/storage-check.ts')
    expect([await check.ended, check.output()]).to.deep.equal([0, 'Store and documents agree.\n'])

    const pid = await serverPid()
    await stop(first)
    expect(first.output()).to.not.contain('"level":50')
    expect(await isRunning(pid)).to.equal(false)
    expect(existsSync(join(DATA_DIR, 'mongod/data/clean-shutdown'))).to.equal(true)
    const alone = runProcess(env, 'commands/storage-check.ts')
    expect([await alone.ended, alone.output()]).to.deep.equal([0, 'Store and documents agree.\n'])
    await signIn(await startProcess(env), ada)
  })

  it('SIGKILL – the service → mongod stops, the next start has the data', async () => {
    const first = await startProcess(env)
    const ada = await register(first.origin)
    const pid = await serverPid()
    first.signal('SIGKILL')
    await first.ended
    await signIn(await startProcess(env), ada)
    expect(await isRunning(pid)).to.equal(false)
    expect(await serverPid()).to.not.equal(pid)
  })

  it('SIGKILL – the service and the watcher of mongod → the next start stops that mongod and has the data', async () => {
    const first = await startProcess(env)
    const ada = await register(first.origin)
    const pid = await serverPid()
    const watchers = await groupOf(pid)
    for (const one of [...watchers, first.pid]) process.kill(one, 'SIGKILL')
    await first.ended
    expect(await isRunning(pid)).to.equal(true)
    await signIn(await startProcess(env), ada)
    expect(await isRunning(pid)).to.equal(false)
  })

  it('SIGKILL – the watcher of mongod → the service starts another mongod and goes on', async () => {
    const service = await startProcess(env)
    const ada = await register(service.origin)
    for (const one of await groupOf(await serverPid())) process.kill(one, 'SIGKILL')
    await waitForOutput(service, /mongod ended with code/)
    await signIn(service, ada)
    await stop(service)
  })

  it('SIGKILL – mongod → logged, started again, the service goes on', async () => {
    const service = await startProcess(env)
    const ada = await register(service.origin)
    process.kill(await serverPid(), 'SIGKILL')
    await waitForOutput(service, /mongod ended with code 137; it is started again/)
    await signIn(service, ada)
    await stop(service)
  })

  it('start – mongod on the PATH → used; KURA_MONGOD=off → embedded; gone → refused', async () => {
    const PATH = `${dirname(mongod)}:${process.env.PATH}`
    const found = { DATA_DIR, PATH, KURA_MONGOD: '' }
    const first = await startProcess(found)
    expect(first.output()).to.contain(`MongoDB 7.0.99 (${mongod})`)
    await stop(first)
    const embedded = await startProcess({ ...found, KURA_MONGOD: 'off' })
    expect(embedded.output())
      .to.contain('database  Trial storage: an embedded database in')
      .and.contain('KURA_MONGOD is off: the database of a mongod in')
    expect(await send<object>(`${embedded.origin}/api`, {}, 200)).to.include({ storage: 'trial' })
    await stop(embedded)
    await rm(mongod)
    expect(await fails({ KURA_MONGOD: '' })).to.match(
      /needs a mongod, and there is none on the PATH\.\nSet KURA_MONGOD/,
    )
  })

  it('start – the embedded database has data → it stays in use, a note says how to take it over', async () => {
    const first = await startProcess({ DATA_DIR })
    const ada = await register(first.origin)
    await stop(first)
    const second = await startProcess(env)
    expect(second.output()).to.contain('Trial storage').and.contain('run `npm run db:move -- mongod`')
    await signIn(second, ada)
    expect(existsSync(join(DATA_DIR, 'mongod'))).to.equal(false)
  })

  it('start – long path, comma in the path → socket elsewhere', async () => {
    DATA_DIR = join(folder, `a,b${'d'.repeat(90)}`)
    await register((await startProcess({ ...env, DATA_DIR })).origin)
  })

  const UNUSABLE: [what: string, script: string, says: RegExp][] = [
    ['is another program', 'echo hello', /is not a MongoDB server: it prints no `db version`/],
    ['fails', 'exit 3', /cannot be run: its exit code is 3\./],
    ['ends at once', server('exit 14'), /ended with code 14 before it accepted connections\. Its log is/],
    [
      'lacks instructions',
      server('kill -ILL $$'),
      /ended with code 132 .* This processor lacks instructions/,
    ],
    [
      'logs an error',
      server(`echo '{"s":"F","msg":"Wrong","attr":{"error":"disk"}}' >"$7"; exit 1`),
      /Wrong: disk\. Its log/,
    ],
    [
      'prints an error',
      server('echo "Error parsing command line"; exit 2'),
      /Error parsing command line\. Its log is/,
    ],
  ]
  function server(start: string): string {
    return `[ "$1" != --version ] || { echo db version v7.0.1; exit; }\n${start}`
  }
  for (const [what, script, says] of UNUSABLE)
    it(`start – mongod ${what} → exit 1, message without a stack`, async () => {
      await makeMongod(dirname(mongod), script)
      expect(await fails({})).to.match(says)
      // nothing was stored, so the embedded database can be used
      const service = await startProcess({ ...env, KURA_MONGOD: 'off' })
      expect(service.output()).to.not.contain('note')
    })

  it('start – KURA_MONGOD does not exist, or is not executable → exit 1', async () => {
    expect(await fails({ KURA_MONGOD: join(folder, 'none') })).to.contain(
      'none cannot be run: it does not exist.',
    )
    await writeFile(join(folder, 'none'), '')
    await chmod(join(folder, 'none'), 0o600)
    expect(await fails({ KURA_MONGOD: join(folder, 'none') })).to.contain('it is not executable.')
  })

  it('start – mongod on the PATH cannot be run → the embedded database, with a note', async () => {
    await makeMongod(dirname(mongod), 'exit 3')
    const service = await startProcess({
      DATA_DIR,
      KURA_MONGOD: '',
      PATH: `${dirname(mongod)}:${process.env.PATH}`,
    })
    expect(service.output()).to.contain('Trial storage').and.contain('cannot be run: its exit code is 3.')
  })
})
