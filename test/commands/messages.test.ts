import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { register, uploadFile } from '../support/app/client.ts'
import { freePort, listen } from '../support/app/http.ts'
import { killAll, runProcess, startProcess } from '../support/app/process.ts'
import { eventually } from '../support/eventually.ts'

describe('messages of commands', function () {
  this.timeout(120_000)
  let folder: string
  let data: string

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kura-commands-'))
    data = join(folder, 'data')
    const { origin, signal, ended } = await startProcess({ DATA_DIR: data })
    await uploadFile(await register(origin), Buffer.alloc(200_000, 'x'))
    signal('SIGTERM')
    await ended
  })
  after(async () => {
    await killAll()
    await rm(folder, { recursive: true, force: true })
  })

  async function run(command: string, args: string, env: Record<string, string>, shell = ':') {
    const { ended, output } = runProcess(env, `commands/${command}.ts`, `${shell}; set -- "$@" ${args}`)
    return [await ended, output()] as const
  }

  it('commands – bucket unreachable → exit 1, the message names the bucket and no request', async () => {
    const S3_ENDPOINT = `http://127.0.0.1:${await freePort()}`
    const keys = { AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b' }
    const env = { DATA_DIR: data, S3_BUCKET: 'files', S3_ENDPOINT, ...keys }
    const dir = join(folder, 'of-bucket')
    for (const [command, args] of [
      ['backup', `--objects ${dir}`],
      ['restore', dir],
      ['storage-check', ''],
      ['space-reconcile', ''],
    ] as const) {
      const [code, said] = await run(command, args, env)
      expect(code, command).to.equal(1)
      expect(said, command)
        .to.match(/^The bucket files at http:\/\/127\.0\.0\.1:\d+ is not reachable: .*ECONNREFUSED/m)
        .and.not.match(/ {4}at |Kura cannot start|try again later/)
    }
    expect(await readdir(folder)).to.not.include('of-bucket')
  })

  it('commands – unknown option, or an argument too much → exit 1 with the usage, no database opened', async () => {
    const env = { DATA_DIR: join(folder, 'unused') }
    for (const [command, args, message] of [
      ['backup', '--verfy x', "Unknown option '--verfy'. Name one folder: npm run backup -- DIR"],
      ['restore', 'a b', 'Name one folder: npm run restore -- DIR'],
      ['restore', "''", 'Name one folder: npm run restore -- DIR'],
      ['storage-check', '--grace soon', '--grace takes a whole number of seconds.'],
      ['storage-check', "--fix --grace ''", '--grace takes a whole number of seconds.'],
      ['storage-doctor', '--fix', "Unknown option '--fix'. Usage: npm run storage:doctor"],
      ['db-move', '--help', "Unknown option '--help'. Name the new database: npm run db:move -- MONGODB_URI"],
      ['db-migrate', '--force', "Unknown option '--force'. Usage: npm run db:migrate"],
    ] as const)
      expect(await run(command, args, env)).to.deep.equal([1, `${message}\n`])
    expect(await readdir(folder)).to.not.include('unused')
  })

  it('backup – disk full → exit 1 with the reason, nothing is left', async () => {
    const dir = join(folder, 'too-large')
    // the limit must not hold for the database
    const service = await startProcess({ DATA_DIR: data })
    const [code, said] = await run('backup', dir, { DATA_DIR: data }, 'ulimit -f 100')
    service.signal('SIGTERM')
    expect(code).to.equal(1)
    expect(said).to.match(
      /^The backup cannot be written: EFBIG: .*\nNo backup was made\. Nothing is left in .*too-large\.\n$/,
    )
    expect(await readdir(folder)).to.not.include('too-large')
    await service.ended
  })

  it('backup – stopped, killed → nothing left; the next run removes what is left', async () => {
    const dir = join(folder, 'stopped')
    let requests = 0
    // a bucket that does not answer
    const bucket = createServer(() => requests++)
    const S3_ENDPOINT = await listen(bucket)
    const keys = { AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b' }
    const begin = async () => {
      const before = requests
      const env = { DATA_DIR: data, S3_BUCKET: 'files', S3_ENDPOINT, ...keys }
      const running = runProcess(env, 'commands/backup.ts', `set -- "$@" --objects ${dir}`)
      await eventually(async () => expect(requests).to.be.greaterThan(before), 30_000)
      return running
    }
    const stopped = await begin()
    stopped.signal('SIGTERM')
    expect(await stopped.ended).to.equal(1)
    expect(stopped.output()).to.contain(
      `Stopped by SIGTERM.\nNo backup was made. Nothing is left in ${dir}.\n`,
    )
    expect(await readdir(folder)).to.not.include('stopped')

    const killed = await begin()
    killed.signal('SIGKILL')
    await killed.ended
    expect(await readdir(dir)).to.include('unfinished.json')
    bucket.close()
    bucket.closeAllConnections()
    expect(await run('backup', dir, { DATA_DIR: data })).to.deep.equal([
      0,
      `Files of an interrupted backup were removed from ${dir}.\n1 users, 1 assets and 1 objects are in ${dir}.\n`,
    ])
  })

  it('backup --verify – complete backup, in production without a database → exit 0; damaged → exit 1', async () => {
    const dir = join(folder, 'verified')
    expect((await run('backup', dir, { DATA_DIR: data }))[0]).to.equal(0)
    const env = { NODE_ENV: 'production', DATA_DIR: join(folder, 'unused') }
    const [code, said] = await run('backup', `--verify ${dir}`, env)
    expect(code, said).to.equal(0)
    expect(said).to.match(
      /^The backup of \S+ is complete: 1 users, 1 assets and 1 objects \(200000 bytes\) were read and agree\. Its schema version is \d+\.\n$/,
    )
    await rm(join(dir, 'links.jsonl'))
    expect(await run('backup', `--verify ${dir}`, env)).to.deep.equal([
      1,
      `Problem: links.jsonl cannot be read.\nThe backup in ${dir} is not complete.\n`,
    ])
    expect(await run('backup', `--verify ${folder}`, env)).to.deep.equal([
      1,
      `${folder} has no manifest.json: it is not a backup, or the backup was interrupted.\n`,
    ])
    expect(await readdir(folder)).to.not.include('unused')
  })
})
