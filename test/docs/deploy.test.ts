import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { parse } from 'yaml'
import { PROGRAMS } from '../../scripts/bundle.js'
import { freePort, listen } from '../support/app/http.ts'
import { requireProgram, runProgram } from '../support/programs.ts'

/** Longest time of a stop in seconds: requests, thumbnails, three short phases. */
const STOP_SECONDS = 28 + 6 + 3

const UNIT = 'docs/systemd/kura.service'
const text = (path: string) => readFile(path, 'utf8')

/** Returns the values of a setting of a unit. */
const settings = (unit: string, name: string) =>
  Array.from(unit.matchAll(new RegExp(`^${name}=(.*)$`, 'gm')), ([, value = '']) => value)

/** Returns the command lines of a Dockerfile instruction in exec form. */
function execForm(dockerfile: string, instruction: RegExp): string[] {
  const [, list = ''] = instruction.exec(dockerfile) ?? []
  return JSON.parse(list)
}

describe('docs/deploy.md', () => {
  let folder: string

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kura-deploy-'))
  })
  after(() => rm(folder, { recursive: true, force: true }))

  it('kura.service – systemd-analyze verify → no complaint', async function () {
    requireProgram(this, 'systemd-analyze')
    const unit = (await text(UNIT)).replaceAll('/usr/bin/node', process.execPath)
    await writeFile(join(folder, 'kura.service'), unit)
    const verify = ['verify', '--man=no', join(folder, 'kura.service')]
    const { status, stdout, stderr } = await runProgram('systemd-analyze', verify)
    expect(stdout + stderr).to.equal('')
    expect(status).to.equal(0)
  })

  it('kura.service, Dockerfile, Procfile, npm start – options of Node.js → the same', async () => {
    const { start } = JSON.parse(await text('package.json')).scripts as { start: string }
    const options = start.match(/--\S+/g)
    expect(options).to.have.length(2)
    const unit = await text(UNIT)
    const dockerfile = await text('Dockerfile')
    const [web = ''] = /^web: .*$/m.exec(await text('Procfile')) ?? []
    const [command = ''] = settings(unit, 'ExecStart')
    expect(command.match(/--\S+/g)).to.deep.equal(options)
    expect(web.match(/--\S+/g)).to.deep.equal(options)
    expect(execForm(dockerfile, /^CMD (\[.*\])$/m)).to.deep.equal([
      'node',
      ...(options ?? []),
      'dist/server.js',
    ])
    for (const place of [start, unit, dockerfile, web]) expect(place).to.contain('MALLOC_ARENA_MAX=2')
  })

  it('kura.service, Procfile, compose.yaml – before the service → db-migrate, then db-indexes', async () => {
    const wanted = ['dist/db-migrate.js', 'dist/db-indexes.js']
    const programs = (line: string) => line.match(/dist\/[\w-]+\.js/g)
    const unit = await text(UNIT)
    expect(programs(settings(unit, 'ExecStartPre').join(' '))).to.deep.equal(wanted)
    expect(programs(/^release: .*$/m.exec(await text('Procfile'))?.[0] ?? '')).to.deep.equal(wanted)
    const { services } = parse(await text('compose.yaml'), { merge: true })
    expect(programs(services.release.command.join(' '))).to.deep.equal(wanted)
    for (const name of wanted)
      expect(PROGRAMS).to.include(name.replace('dist/', 'commands/').replace('.js', '.ts'))
  })

  it('kura.service, compose.yaml – time of a stop → longer than the service needs', async () => {
    const unit = await text(UNIT)
    expect(Number(settings(unit, 'TimeoutStopSec')[0])).to.be.at.least(STOP_SECONDS)
    expect(settings(unit, 'KillMode')).to.deep.equal(['mixed'])
    const { services } = parse(await text('compose.yaml'), { merge: true })
    expect(Number.parseInt(services.kura.stop_grace_period, 10)).to.be.at.least(STOP_SECONDS)
    const [, timeout] = /--stop-timeout (\d+)/.exec(await text('docs/deploy.md')) ?? []
    expect(Number(timeout)).to.be.at.least(STOP_SECONDS)
  })

  it('compose.yaml – containers of the image → read-only with /tmp, without privileges', async () => {
    const { services } = parse(await text('compose.yaml'), { merge: true })
    for (const name of ['kura', 'release'])
      expect(services[name], name).to.deep.include({
        read_only: true,
        volumes: ['/tmp'],
        cap_drop: ['ALL'],
        security_opt: ['no-new-privileges:true'],
      })
  })

  it('Dockerfile – files, user → files of the project that are not ignored; a number that is not root', async () => {
    const dockerfile = await text('Dockerfile')
    const ignored = (await text('.dockerignore')).split('\n')
    const copied = Array.from(dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm), ([, paths = '']) =>
      paths.split(' '),
    ).flat()
    expect(copied).to.include.members(['package.json', 'docs', 'scripts'])
    for (const path of copied) {
      expect(existsSync(path), path).to.equal(true)
      expect(ignored, path).to.not.include(path)
    }
    expect(ignored).to.include.members(['.env*', 'data', '.git', 'node_modules'])
    expect(dockerfile).to.match(/^USER [1-9]\d*:[1-9]\d*$/m)
  })

  it('Dockerfile – health check, service answers, fails, is away → exit code 0, 1, 1', async () => {
    const command = execForm(await text('Dockerfile'), /^HEALTHCHECK [^\n]*\\\n\s+CMD (\[.*\])$/m)
    expect(command[0]).to.equal('node')
    let status = 200
    const server = createServer((req, res) => res.writeHead(req.url === '/healthz' ? status : 404).end())
    const check = async (port: string) => {
      const env = { PORT: port }
      return (await runProgram(process.execPath, command.slice(1), { env })).status
    }
    const { port } = new URL(await listen(server))
    expect(await check(port)).to.equal(0)
    status = 503
    expect(await check(port)).to.equal(1)
    server.close()
    await once(server, 'close')
    expect(await check(String(await freePort()))).to.equal(1)
  })
})
