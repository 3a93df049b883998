import { execFile } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { expect } from 'chai'
import { mongo } from 'mongoose'
import { NEWEST_VERSION } from '../../app/maintenance/migrations/migrations.ts'
import { openS3Store } from '../../app/storage/s3/store.ts'
import { loadConfig } from '../../config/env.ts'
import { startEmbeddedMongo } from '../../embedded/mongo/start.ts'
import { withDatabase } from '../embedded/engine.ts'
import { json, send } from '../support/app/client.ts'
import { compiled } from '../support/app/compiled.ts'
import { databaseUri } from '../support/app/mongo.ts'
import { killAll, startProcess } from '../support/app/process.ts'
import { eventually } from '../support/eventually.ts'
import { requireProgram } from '../support/programs.ts'
import { makeBucket } from '../support/s3/bucket.ts'
import { startFakeS3 } from '../support/s3/fake-s3.ts'

const run = promisify(execFile)
const PASSWORD = 'seven red lanterns'
const MAX_COMMANDS = 5

type Documents = Record<string, mongo.Document[]>

/** The data folder of the first release, made by test/runs/first-release-data.sh. */
const FIRST_RELEASE = resolve('test/support/upgrade/first-release.tar.gz')

/** `git` and `npm` of the documentation: they run the programs of this build, and install and start nothing. */
const PRELUDE = `set -eu
git() { :; }
npm() {
  if [ "$1" = run ]; then
    script=$(echo "$2" | tr : -)
    shift 2
    if [ "\${1:-}" = -- ]; then shift; fi
    node "$BUILD/$script.js" "$@"
  fi
}
`

/** Returns the commands below a heading of a document: at most five lines, the last of which starts the service. */
async function commandsOf(document: string, heading: string): Promise<string[]> {
  const text = await readFile(document, 'utf8')
  const section = text.slice(text.indexOf(`\n## ${heading}\n`))
  const [, block = ''] = /```sh\n([^`]*)```/.exec(section) ?? []
  const lines = block.trim().split('\n')
  expect(lines.length, heading).to.be.within(3, MAX_COMMANDS)
  expect(lines.at(-1), heading).to.equal('npm start')
  return lines
}

describe('commands of the documentation for operators', function () {
  this.timeout(120_000)
  let folder: string
  let facts: { link: string; lockedLink: string; public: string; two: string; notes: string }
  const undo: (() => Promise<unknown>)[] = []

  before(async function () {
    requireProgram(this, 'tar')
    folder = await mkdtemp(join(tmpdir(), 'kura-operator-'))
    await mkdir(join(folder, 'kura'))
    await run('tar', ['-xzf', FIRST_RELEASE, '-C', join(folder, 'kura')])
    facts = JSON.parse(await readFile(join(folder, 'kura', 'facts.json'), 'utf8'))
  })
  after(async () => {
    await killAll()
    for (const one of undo.reverse()) await one()
    if (folder) await rm(folder, { recursive: true, force: true })
  })

  /** Runs the commands in a checkout. Empty variables of `export` get the values of the environment. */
  async function follow(commands: string[], cwd: string, env: Record<string, string> = {}): Promise<string> {
    const script = commands
      .join('\n')
      .replace(/\b([A-Z][A-Z_0-9]+)=(?=\s|$)/g, (_, name) => `${name}='${env[name] ?? ''}'`)
    const variables = { PATH: process.env.PATH, BUILD: dirname(compiled('server.ts')), KURA_MONGOD: 'off' }
    return (await run('sh', ['-c', `${PRELUDE}${script}`], { cwd, env: variables })).stdout
  }

  /** Returns all documents of a database, without what a backup leaves out. */
  async function documentsOf(uri: string): Promise<Documents> {
    const client = await mongo.MongoClient.connect(uri)
    const db = client.db(new URL(uri).pathname.slice(1) || 'kura')
    const found: Documents = {}
    for (const name of ['users', 'assets', 'links', 'projects', 'activities', 'events'])
      found[name] = await db.collection(name).find().sort({ _id: 1 }).toArray()
    await client.close()
    return found
  }

  async function localDocuments(dir: string): Promise<Documents> {
    const { uri, close } = await startEmbeddedMongo({ dir: join(dir, 'mongo') })
    return documentsOf(uri).finally(close)
  }

  /** Starts the service and compares what clients see with what they stored in the first release. */
  async function expectEverything(env: Record<string, string>): Promise<void> {
    const { origin, signal, ended } = await startProcess(env)
    // a busy machine prepares the database after the service listens
    await eventually(async () => expect((await fetch(`${origin}/readyz`)).status).to.equal(200), 60_000)
    const login = async (name: string) => {
      const { token } = await send<{ token: string }>(
        `${origin}/api/auth/login`,
        json({ login: name, password: PASSWORD }),
        200,
      )
      return { headers: { Authorization: `Bearer ${token}` } }
    }
    const [ada, bob] = [await login('ada'), await login('bob')]
    type Assets = { assets: { name: string; files: { url: string; sha256: string }[] }[] }
    for (const [user, scope, names] of [
      [ada, 'mine', ['Oak chair', 'Two files again']],
      [bob, 'mine', ['Notes', 'Picture']],
      [bob, 'shared', ['Two files again']],
    ] as const) {
      const { assets } = await send<Assets>(`${origin}/api/assets?scope=${scope}&sort=name`, user, 200)
      expect(assets.map(({ name }) => name)).to.deep.equal(names)
      for (const { url, sha256 } of assets.flatMap(({ files }) => files)) {
        const bytes = Buffer.from(await (await fetch(`${origin}${url}`, user)).arrayBuffer())
        expect(createHash('sha256').update(bytes).digest('hex')).to.equal(sha256)
      }
    }
    const { assets } = await send<Assets>(`${origin}/api/assets?q=chairs&tag=wood`, {}, 200)
    expect(assets).to.have.length(1)
    await send(`${origin}${facts.link}`, {}, 200)
    await send(`${origin}${facts.lockedLink}`, {}, 401)
    await send(`${origin}${facts.lockedLink}`, { headers: { 'X-Link-Password': 'open sesame' } }, 200)
    await send(`${origin}/api/assets/${facts.notes}`, { method: 'DELETE', ...bob }, 423)
    await send(`${origin}/api/assets/${facts.public}`, { method: 'DELETE', ...ada }, 423)
    const { projects } = await send<{ projects: { title: string }[] }>(`${origin}/api/projects`, bob, 200)
    expect(projects.map(({ title }) => title)).to.deep.equal(['Room'])
    const { activity } = await send<{ activity: { action: string }[] }>(
      `${origin}/api/users/me/activity`,
      ada,
      200,
    )
    expect(activity.map(({ action }) => action)).to.include('asset.deleted')
    signal('SIGTERM')
    expect(await ended).to.equal(0)
  }

  it('UPGRADING – data folder of the first release → every document and file in the newest form', async () => {
    const checkout = join(folder, 'kura')
    const before = await localDocuments(join(checkout, 'data'))
    expect(before.users).to.have.length(3)
    const said = await follow(await commandsOf('UPGRADING.md', 'How to upgrade'), checkout)
    expect(said).to.contain(`was migrated from schema version 0 to ${NEWEST_VERSION}.`)
    expect(said).to.contain('Only another release needs: assets.readers_1_size_-1__id_-1.')

    const after = await localDocuments(join(checkout, 'data'))
    const moved: Documents = { ...before, activities: [], events: before.activities ?? [] }
    for (const [name, documents] of Object.entries(moved))
      for (const document of documents) {
        const found = after[name]?.find(({ _id }) => String(_id) === String(document._id))
        // a migration computes again what names are sorted by
        const { trash: _trash, nameKey: _nameKey, ...kept } = document
        expect(found, `${name} ${document._id}`).to.deep.include(kept)
      }
    const counts = (documents: Documents) => Object.values(documents).map(({ length }) => length)
    expect(counts(after)).to.deep.equal(counts({ ...moved }))

    const dropped = await follow(['npm run db:indexes -- --drop', 'npm run storage:check'], checkout)
    expect(dropped).to.contain('Dropped: assets.readers_1_size_-1__id_-1.')
    expect(dropped).to.contain('Store and documents agree.')
    await expectEverything({ DATA_DIR: join(checkout, 'data') })
  })

  it('docs/backup.md – trial to a server and a bucket → everything is there, the trial is unchanged', async () => {
    const checkout = join(folder, 'kura')
    const uri = withDatabase(await databaseUri(), `kura-operator-${randomBytes(6).toString('hex')}`)
    undo.push(async () => {
      const client = await mongo.MongoClient.connect(uri)
      await client.db().dropDatabase()
      await client.close()
    })
    const env: Record<string, string> = { MONGODB_URI: uri, ...(await bucket()) }
    const before = await localDocuments(join(checkout, 'data'))
    const commands = await commandsOf('docs/backup.md', 'From a trial to a server and a bucket')
    const said = await follow(commands, checkout, env)
    expect(said).to.match(
      /^3 users, 4 assets and \d+ objects were restored[\s\S]*Store and documents agree\.$/m,
    )
    expect((await localDocuments(join(checkout, 'data'))).assets).to.deep.equal(before.assets)
    const JWT_SECRET = await readFile(join(checkout, 'data', 'jwt-secret'), 'utf8')
    const { assets = [], ...others } = await documentsOf(uri)
    expect(assets.map(({ _id, files, keys }) => ({ _id, files, keys }))).to.deep.equal(
      before.assets?.map(({ _id, files, keys }) => ({ _id, files, keys })),
    )
    for (const name of ['links', 'projects']) expect(others[name], name).to.deep.equal(before[name])
    await expectEverything({ ...env, JWT_SECRET, DATA_DIR: join(folder, 'unused') })
  })

  it('docs/backup.md – restore on another machine → everything is there', async () => {
    const checkout = join(folder, 'other')
    await mkdir(checkout)
    const commands = (await commandsOf('docs/backup.md', 'Restore on another machine')).map((line) =>
      line.replace('/backups/2026-11-21', join(folder, 'kura-move')),
    )
    const said = await follow(commands, checkout)
    expect(said).to.match(/is complete: 3 users, 4 assets and \d+ objects[\s\S]*were restored as of/)
    await expectEverything({ DATA_DIR: join(checkout, 'data') })
  })

  /** Returns the environment of a new bucket: at S3_ENDPOINT, else that of a fake S3. */
  async function bucket(): Promise<Record<string, string>> {
    const made = await makeBucket()
    if (!made) {
      const fake = await startFakeS3('files')
      undo.push(() => fake.close())
      return {
        S3_ENDPOINT: fake.endpoint,
        S3_BUCKET: 'files',
        AWS_ACCESS_KEY_ID: 'a',
        AWS_SECRET_ACCESS_KEY: 'b',
      }
    }
    undo.push(async () => {
      const { s3 } = loadConfig(made.env).storage
      if (!s3) throw new Error('there is no bucket')
      const store = await openS3Store(s3)
      await made.remove(store)
      await store.close()
    })
    return made.env
  }
})
