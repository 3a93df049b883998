import { readFile } from 'node:fs/promises'
import { expect } from 'chai'
import { parse } from 'yaml'
import { loadConfig } from '../../config/env.ts'
import { FILE_VARIABLES } from '../../config/file-variables.ts'
import { variables } from '../../config/variables.ts'
import { sourceFiles } from '../support/source-files.ts'

type Name = keyof typeof variables
const NAMES = Object.keys(variables)

/** Variables that a new app on a platform such as Heroku does not ask for, and why. */
const NOT_IN_APP_JSON: Partial<Record<Name, string>> = {
  PORT: 'the platform sets it',
  HOST: 'the router reaches every address',
  BASE_PATH: 'the router publishes the service at the root of its host',
  KEEP_ALIVE_SECONDS: 'the default is longer than the router keeps connections',
  MAX_CONNECTIONS: 'computed from the memory',
  DATA_DIR: 'the disk does not keep files',
  KURA_MONGOD: 'production needs MONGODB_URI',
  AWS_SESSION_TOKEN: 'a temporary key ends while the service runs',
  ...fits(
    'WEB',
    'USER_FILES',
    'MAX_FILE_BYTES',
    'MAX_FILES',
    'MIN_UPLOAD_BYTES_PER_SECOND',
    'SESSION_IDLE_HOURS',
  ),
  ...fits('ACTIVITY_DAYS', 'COMPLIANCE_LOCKS', 'LOCK_MAX_DAYS', 'BCRYPT_COST', 'LOG_LEVEL'),
}

/** Variables that compose.yaml does not pass on, and why. */
const NOT_IN_COMPOSE: Partial<Record<Name, string>> = {
  PORT: 'the published port; the container always listens on 8080',
  HOST: 'the container listens on every address',
  DATA_DIR: 'nothing is stored in the container',
  KURA_MONGOD: 'the database is a container',
  ...ofGarage('S3_PREFIX', 'S3_FORCE_PATH_STYLE', 'S3_CHECKSUMS', 'AWS_SESSION_TOKEN'),
}

function fits(...names: Name[]) {
  return Object.fromEntries(names.map((name) => [name, 'the default fits; it can be set later']))
}

function ofGarage(...names: Name[]) {
  return Object.fromEntries(names.map((name) => [name, 'the bucket is a container of its own']))
}

/** Variables of other programs and of examples that the code reads. */
const OF_OTHERS = ['PATH', 'HOME', 'TMPDIR', 'KURA']

const without = (left: object) => NAMES.filter((name) => !(name in left))

describe('places of variables', () => {
  it('code – every variable that it reads → declared, and every declared one is read', async () => {
    const read = new Set<string>()
    for (const file of [...(await sourceFiles()), 'scripts/example-ws.js', 'Dockerfile', 'Procfile'])
      for (const [, name = ''] of (await readFile(file, 'utf8')).matchAll(
        /\b(?:env|environment|given)(?:\.|\[')([A-Z][A-Z0-9_]+)\b/g,
      ))
        read.add(name)
    expect([...read].filter((name) => !OF_OTHERS.includes(name))).to.have.members(NAMES)
  })

  it('README.md and .env.example – every variable and every file of one → named', async () => {
    for (const file of ['README.md', '.env.example']) {
      const words = new Set((await readFile(file, 'utf8')).match(/[A-Z][A-Z0-9_]+/g))
      expect(
        [...NAMES, ...FILE_VARIABLES].filter((name) => !words.has(name)),
        file,
      ).to.deep.equal([])
    }
  })

  it('app.json – every variable that belongs there → there, and valid together in production', async () => {
    const { env } = JSON.parse(await readFile('app.json', 'utf8')) as {
      env: Record<string, { value?: string; generator?: string; required?: boolean }>
    }
    expect(Object.keys(env)).to.have.members(without(NOT_IN_APP_JSON))
    const typed: Record<string, string> = {
      MONGODB_URI: 'mongodb+srv://ada:p%40ss@db.example/kura',
      S3_BUCKET: 'kura-test',
      AWS_ACCESS_KEY_ID: 'id',
      AWS_SECRET_ACCESS_KEY: 'secret',
    }
    const entries = Object.entries(env).map(([name, { value, generator, required }]) => {
      const generated = generator === 'secret' ? 'a1'.repeat(32) : undefined
      return [name, value ?? generated ?? (required === false ? '' : typed[name])]
    })
    const { production, http } = loadConfig(Object.fromEntries(entries))
    expect(production).to.equal(true)
    expect(http.trustProxy).to.equal(1)
  })

  it('compose.yaml – every variable that belongs there → passed on from .env or set, and valid with what .env must have', async () => {
    const { services } = parse(await readFile('compose.yaml', 'utf8'), { merge: true })
    const { environment } = services.kura as { environment: Record<string, string> }
    expect(Object.keys(environment)).to.have.members(without(NOT_IN_COMPOSE))
    const values = Object.entries(environment).map(([name, value]) => {
      const [, passed, how] = /^\$\{(\w+):([-?])[^}]*\}$/.exec(value) ?? []
      if (passed !== undefined) expect(passed).to.equal(name)
      return [name, how === undefined ? value : how === '-' ? '' : 'a1'.repeat(32)]
    })
    expect(loadConfig(Object.fromEntries(values)).production).to.equal(true)
    expect(services.release.environment).to.deep.equal(environment)
  })
})
