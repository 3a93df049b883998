import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { expect } from 'chai'
import { parse as parseDotenv } from 'dotenv'
import { parse } from 'yaml'
import { loadConfig } from '../../config/env.ts'

const SECRETS = ['JWT_SECRET', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'GARAGE_RPC_SECRET']

interface Service {
  ports?: string[]
  environment?: Record<string, string>
}

describe('compose.yaml', () => {
  let folder: string
  let text: string
  let services: Record<string, Service>

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kura-compose-'))
    text = await readFile('compose.yaml', 'utf8')
    services = parse(text, { merge: true }).services
  })
  after(() => rm(folder, { recursive: true, force: true }))

  const makeEnv = () => promisify(execFile)('sh', [resolve('compose.env.sh')], { cwd: folder })

  it('secrets – missing → Compose refuses, because none has a default', () => {
    for (const name of SECRETS) {
      const uses = text.match(new RegExp(`\\$\\{?${name}\\b[^}]*\\}?`, 'g')) ?? []
      expect(uses, name).to.have.length(1)
      expect(uses[0]).to.match(/^\$\{\w+:\?[^}]+\}$/)
    }
  })

  it('ports – published → on the loopback address only', () => {
    const ports = Object.values(services).flatMap((service) => service.ports ?? [])
    expect(ports).to.have.length(1)
    for (const port of ports) expect(port).to.match(/^127\.0\.0\.1:/)
  })

  it('compose.env.sh – no .env → private file with secrets valid in production; existing .env → unchanged', async () => {
    await makeEnv()
    const file = join(folder, '.env')
    const written = await readFile(file, 'utf8')
    const env = parseDotenv(written)
    expect(env).to.include.keys(SECRETS)
    expect(env.AWS_ACCESS_KEY_ID).to.match(/^GK[0-9a-f]{24}$/)
    for (const name of ['AWS_SECRET_ACCESS_KEY', 'GARAGE_RPC_SECRET'])
      expect(env[name]).to.match(/^[0-9a-f]{64}$/)
    expect((await stat(file)).mode & 0o777).to.equal(0o600)
    const { NODE_ENV, MONGODB_URI } = services.kura?.environment ?? {}
    const config = loadConfig({ ...env, NODE_ENV, MONGODB_URI, S3_BUCKET: 'kura' })
    expect(config.production).to.equal(true)
    expect(config.auth.secrets).to.deep.equal([env.JWT_SECRET])

    expect(await makeEnv().catch((error: Error) => error)).to.be.instanceOf(Error)
    expect(await readFile(file, 'utf8')).to.equal(written)
  })
})
