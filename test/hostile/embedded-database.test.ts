import {
  chmod,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  stat,
  symlink,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { expect } from 'chai'
import { findRunningMongo } from '../../embedded/mongo/start.ts'
import { acquireLock, releaseLock } from '../../embedded/mongo/storage/lock.ts'
import { Store } from '../../embedded/mongo/storage/store.ts'
import { toBson } from '../../embedded/mongo/values/codec.ts'
import { socketOf } from '../embedded/engine.ts'
import { register, uploadFile } from '../support/app/client.ts'
import {
  killAll,
  runProcess,
  type ServiceProcess,
  startProcess,
  waitForOutput,
  waitUntilListening,
} from '../support/app/process.ts'
import { eventually } from '../support/eventually.ts'

const modeOf = async (path: string) => (await stat(path)).mode & 0o777

/** Returns the modes of all entries below a folder. */
async function modesBelow(folder: string): Promise<[string, number, boolean][]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return Promise.all(
    entries.map(async (entry) => {
      const path = join(entry.parentPath, entry.name)
      return [path, await modeOf(path), entry.isDirectory()] as [string, number, boolean]
    }),
  )
}

/** Returns the number of TCP sockets that a process listens on, from /proc. */
async function listeningSockets(pid: number): Promise<number> {
  const fds = await readdir(`/proc/${pid}/fd`)
  const links = await Promise.all(fds.map((fd) => readlink(`/proc/${pid}/fd/${fd}`).catch(() => '')))
  const tables = await Promise.all(
    ['tcp', 'tcp6'].map((name) => readFile(`/proc/${pid}/net/${name}`, 'utf8')),
  )
  const rows = tables.flatMap((table) => table.split('\n').slice(1)).map((row) => row.trim().split(/\s+/))
  return rows.filter(
    ([, , , state, , , , , , inode]) => state === '0A' && links.includes(`socket:[${inode}]`),
  ).length
}

describe('the embedded database on a machine with other users', function () {
  this.timeout(180_000)
  let folder: string

  before(function () {
    if (process.platform !== 'linux') this.skip()
  })
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kura-private-'))
  })
  afterEach(async () => {
    await killAll()
    await rm(folder, { recursive: true, force: true })
  })

  async function stop(service: ServiceProcess): Promise<void> {
    service.signal('SIGTERM')
    expect(await service.ended).to.equal(0)
  }

  it('start – files and folders readable by others → made private, new ones too', async () => {
    const first = await startProcess({ DATA_DIR: folder })
    await uploadFile(await register(first.origin), Buffer.from('of the first start'))
    await stop(first)
    for (const [path, , isFolder] of await modesBelow(join(folder, 'mongo')))
      await chmod(path, isFolder ? 0o755 : 0o644)
    for (const path of ['mongo', 'objects', 'objects/.tmp']) await chmod(join(folder, path), 0o777)
    const elsewhere = await mkdtemp(join(tmpdir(), 'kura-elsewhere-'))
    await chmod(elsewhere, 0o755)
    await symlink(elsewhere, join(folder, 'mongo/link'))
    await chmod(join(folder, 'jwt-secret'), 0o644)

    const second = await startProcess({ DATA_DIR: folder })
    await uploadFile(await register(second.origin), Buffer.from('of the second start'))
    expect(await modeOf(elsewhere), 'behind a symbolic link').to.equal(0o755)
    for (const path of [join(folder, 'mongo/link'), elsewhere]) await rm(path, { recursive: true })
    const found = (await modesBelow(folder)).map(([path, mode, isFolder]) => [
      path,
      mode.toString(8),
      isFolder,
    ])
    expect(found.filter(([, mode, isFolder]) => mode !== (isFolder ? '700' : '600'))).to.deep.equal([])
    expect(found.map(([path]) => path)).to.include.members(
      ['mongo/mongo.sock', 'mongo/address.json', 'mongo/data/data.mdb', 'jwt-secret', 'objects/.kura'].map(
        (path) => join(folder, path),
      ),
    )
    expect(await listeningSockets(second.pid), 'HTTP alone').to.equal(1)
    await stop(second)
    expect(await readdir(join(folder, 'mongo'))).to.have.members(['data', 'reserve'])
  })

  it('DATA_DIR – folder removed while the service runs → it reads, refuses writes with 503, ends only by its signal', async () => {
    const data = join(folder, 'data')
    const service = await startProcess({ DATA_DIR: data })
    const ada = await register(service.origin)
    await rename(data, join(folder, 'elsewhere'))
    const upload = () =>
      uploadFile(ada, Buffer.from('abc')).then(
        () => 201,
        () => 0,
      )
    const session = () =>
      fetch(`${service.origin}/api/auth/register`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ username: `user${Date.now()}`, password: 'correct horse 99x' }),
      })
    await eventually(async () => expect((await session()).status).to.equal(503))
    expect((await fetch(`${service.origin}/api/assets`)).status).to.equal(200)
    expect((await fetch(`${service.origin}/readyz`)).status).to.equal(503)
    expect(await upload()).to.equal(0)
    expect(service.hasEnded()).to.equal(false)
    await rename(join(folder, 'elsewhere'), data)
    await eventually(async () => expect((await session()).status).to.equal(201))
    expect(await upload()).to.equal(201)
    service.signal('SIGTERM')
    expect(await service.ended).to.equal(0)
  })

  it('start – DATA_DIR too long for a socket path → private folder elsewhere, found by commands', async () => {
    const DATA_DIR = join(folder, 'd'.repeat(100))
    for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
      const service = await startProcess({ DATA_DIR })
      await register(service.origin)
      const socket = socketOf(String(await findRunningMongo(join(DATA_DIR, 'mongo'))))
      expect(socket).to.not.contain(DATA_DIR)
      expect([await modeOf(socket), await modeOf(dirname(socket))]).to.deep.equal([0o600, 0o700])
      const check = runProcess({ DATA_DIR }, 'commands/storage-check.ts')
      expect([await check.ended, check.output()]).to.deep.equal([0, 'Store and documents agree.\n'])
      service.signal(signal)
      await service.ended
      if (signal === 'SIGTERM')
        expect(await readdir(dirname(dirname(socket)))).to.not.include(basename(dirname(socket)))
    }
  })

  it('start – previous process killed but not reaped → starts', async () => {
    const parent = runProcess({ DATA_DIR: folder }, 'server.ts', '"$@" & echo "child $!"; exec sleep 120')
    const { origin } = await waitUntilListening(parent)
    await register(origin)
    const [, child] = await waitForOutput(parent, /child (\d+)/)
    process.kill(Number(child), 'SIGKILL')
    await eventually(async () => expect(await readFile(`/proc/${child}/stat`, 'utf8')).to.match(/\) Z /))
    await register((await startProcess({ DATA_DIR: folder })).origin)
  })

  describe('lock of the embedded database', () => {
    let store: Store
    beforeEach(async () => {
      await mkdir(join(folder, 'data'))
      store = new Store(join(folder, 'data'))
    })
    afterEach(() => store.close())

    const CASES = [
      { what: 'a process of another start time has the number', started: '1', free: true },
      { what: 'no process has the number', pid: 2 ** 22 + 1, started: '1', free: true },
      { what: 'a server answers, of whatever process', pid: 2 ** 22 + 1, answers: true, free: false },
      { what: 'no /proc, nobody answers', processes: '/nowhere', free: true },
      { what: 'no /proc, a server answers', processes: '/nowhere', answers: true, free: false },
    ]
    for (const { what, pid = process.ppid, started = '', answers = false, processes, free } of CASES)
      it(`lock – ${what} → ${free ? 'taken' : 'in use'}`, async () => {
        store.runExclusively((settings) => settings.putSync('owner', Buffer.from(toBson({ pid, started }))))
        const witnesses = { answers: async () => answers, ...(processes && { processes }) }
        const outcome = await acquireLock(store, folder, witnesses).then(
          () => 'taken',
          (error: Error) => error.name,
        )
        expect(outcome).to.equal(free ? 'taken' : 'DirectoryInUse')
        if (free) releaseLock(store, folder)
      })
  })
})
