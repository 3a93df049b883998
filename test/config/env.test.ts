import { expect } from 'chai'
import { ConfigError, connectionsByMemory, loadConfig } from '../../config/env.ts'

const SECRET = 'a secret of at least 32 characters'
const faultsOf = (env: Record<string, string>) => {
  try {
    loadConfig(env)
    return []
  } catch (error) {
    if (error instanceof ConfigError) return error.errors
    throw error
  }
}

describe('loadConfig', () => {
  it('loadConfig – development, no variable → defaults', () => {
    const config = loadConfig({})
    const { connections, ...http } = config.http
    expect(http).to.deep.equal({
      port: 8080,
      web: true,
      host: '::',
      basePath: '',
      keepAliveMs: 95_000,
      origins: ['http://localhost:*', 'http://127.0.0.1:*'],
      trustProxy: 0,
    })
    expect(connections).to.be.within(200, 20_000)
    expect(config.space).to.deep.equal({
      quota: { limit: 50e9, fileLimit: 250_000 },
      server: 500e9,
      file: 5e9,
      files: 1000,
    })
    expect(config.auth).to.deep.equal({
      secrets: null,
      bcryptCost: 12,
      idleMs: 48 * 3_600_000,
      registrationsPerHour: 20,
      admin: null,
    })
    expect(config.database.uri).to.equal(null)
    expect(config.storage.s3).to.equal(null)
  })

  it('MAX_CONNECTIONS – not set or 0 → computed from the memory, 200 to 20,000', () => {
    expect(connectionsByMemory(64e6)).to.equal(200)
    expect(connectionsByMemory(1024 ** 3)).to.equal(1024)
    expect(connectionsByMemory(1024 ** 4)).to.equal(20_000)
    expect(loadConfig({ MAX_CONNECTIONS: '7' }).http.connections).to.equal(7)
    expect(loadConfig({ MAX_CONNECTIONS: '0' }).http.connections).to.equal(loadConfig({}).http.connections)
  })

  it('loadConfig – empty variable → not set', () => {
    expect(loadConfig({ PORT: '', MONGODB_URI: '', JWT_SECRET: '', S3_BUCKET: '' })).to.deep.equal(
      loadConfig({}),
    )
  })

  it('loadConfig – several secrets → kept in order', () => {
    const { auth } = loadConfig({ JWT_SECRET: `${SECRET}1, ${SECRET}2` })
    expect(auth.secrets).to.deep.equal([`${SECRET}1`, `${SECRET}2`])
  })

  const ADDRESSES = [
    'mongodb://a.example:27017,b.example:27018,c.example:27019/kura?replicaSet=rs0',
    'mongodb://a.example:27017,b.example',
    'mongodb://%2Frun%2Fmongodb%2Fmongodb.sock/kura',
    'mongodb://ada:p%40ss%3Aw%2Frd@%2Frun%2Fmongodb.sock,b.example:27018/kura?authSource=admin',
    'mongodb://[::1]:27017/kura',
    'mongodb+srv://ada:p%40ss@cluster.example/kura?retryWrites=true',
  ]
  for (const uri of ADDRESSES)
    it(`MONGODB_URI – ${uri} → accepted`, () => {
      expect(loadConfig({ MONGODB_URI: uri }).database.uri).to.equal(uri)
    })

  const WRONG_ADDRESSES = [
    'mongodb://ada:hun@ter2@db.example/kura',
    'mongodb://ada:hun/ter2@db.example/kura',
    'mongodb://ada:hun?ter2@db.example/kura',
    'mongodb://ada:hun#ter2@db.example/kura',
    'mongodb://ada:hun%ter2@db.example/kura',
    'mongodb://ada:hunter2/kura',
    'mongodb://ada:hunter2@/kura',
    'mongodb://ada/hunter2:x@db.example/kura',
    'mongodb+srv://ada:hunter2@db.example:27017/kura',
    'mongodb://ada:hunter2@db.example:99999/kura',
    'mongodb://ada:hunter2@db.example/kura?authMechanism=hunter2',
    'mongodb://ada:hunter2@db.example/kura?unknown=hunter2',
    'mongodb://ada:hunter2@db.example/kura?socketTimeoutMS=hunter2',
    'https://ada:hunter2@db.example/kura',
  ]
  for (const uri of WRONG_ADDRESSES)
    it(`MONGODB_URI – ${uri} → error without the password`, () => {
      const faults = faultsOf({ MONGODB_URI: uri })
      expect(faults).to.have.length(1)
      expect(faults[0]).to.match(
        /^MONGODB_URI must be an address that the MongoDB driver accepts[:,] [^\n]+$/,
      )
      expect(faults[0]).to.not.match(/hun|ter2/)
    })

  it('loadConfig – TRUST_PROXY number or addresses → unchanged', () => {
    expect(loadConfig({ TRUST_PROXY: '2' }).http.trustProxy).to.equal(2)
    expect(loadConfig({ TRUST_PROXY: '10.0.0.0/8, loopback' }).http.trustProxy).to.deep.equal([
      '10.0.0.0/8',
      'loopback',
    ])
  })

  it('loadConfig – environment changes later → configuration frozen', () => {
    const env: Record<string, string> = { PORT: '1234' }
    const config = loadConfig(env)
    env.PORT = '4321'
    expect(config.http.port).to.equal(1234)
    expect(config).to.be.frozen
    expect(config.http).to.be.frozen
    expect(config.http.origins).to.be.frozen
  })

  it('loadConfig – production without database or secret → throws', () => {
    expect(faultsOf({ NODE_ENV: 'production' })).to.deep.equal([
      'MONGODB_URI must be given when NODE_ENV is production',
      'JWT_SECRET must be given when NODE_ENV is production',
    ])
    const given = { MONGODB_URI: 'mongodb://db.example.org/kura', JWT_SECRET: SECRET }
    expect(faultsOf({ NODE_ENV: 'production', ...given })).to.deep.equal([])
  })

  const KNOWN: [string, string][] = [
    ['JWT_SECRET', 'only-for-trying-only-for-trying-only-for-trying'],
    ['JWT_SECRET', `${SECRET}, only-for-trying-only-for-trying-only-for-trying`],
    ['AWS_ACCESS_KEY_ID', 'GK0123456789abcdef01234567'],
    ['AWS_SECRET_ACCESS_KEY', '0123456789abcdef'.repeat(4)],
  ]
  for (const [name, value] of KNOWN)
    it(`${name} – ${value} from the repository's history → refused in production`, () => {
      const keys = { AWS_ACCESS_KEY_ID: 'id', AWS_SECRET_ACCESS_KEY: 'key' }
      const given = { MONGODB_URI: 'mongodb://db.example/kura', JWT_SECRET: SECRET, ...keys, [name]: value }
      expect(faultsOf({ NODE_ENV: 'production', ...given })).to.deep.equal([
        `${name} is an example that everybody knows; choose another one when NODE_ENV is production`,
      ])
      expect(faultsOf(given)).to.deep.equal([])
    })

  const PREFIXES: [string, string][] = [
    ['team', 'team/'],
    ['team/', 'team/'],
    ['team/kura-1.b', 'team/kura-1.b/'],
  ]
  for (const [given, prefix] of PREFIXES)
    it(`S3_PREFIX – ${given} → ${prefix}`, () => {
      expect(loadConfig({ S3_BUCKET: 'kura-test', S3_PREFIX: given }).storage.s3?.prefix).to.equal(prefix)
    })
  for (const wrong of [
    '/',
    '/team',
    'team//kura',
    '../team',
    'team/./kura',
    'tea m',
    'team\\kura',
    'téam',
    'a'.repeat(401),
  ])
    it(`S3_PREFIX – ${wrong.slice(0, 20)} → refused`, () => {
      expect(faultsOf({ S3_BUCKET: 'kura-test', S3_PREFIX: wrong }).join()).to.match(
        /^S3_PREFIX must be segments/,
      )
    })

  it('loadConfig – several errors → all listed', () => {
    const faults = faultsOf({
      PORT: 'http',
      BCRYPT_COST: '99',
      LOG_LEVEL: 'loud',
      MONGODB_URI: 'postgres://x',
    })
    expect(faults.map((fault) => fault.split(' ')[0])).to.have.members([
      'PORT',
      'BCRYPT_COST',
      'LOG_LEVEL',
      'MONGODB_URI',
    ])
  })

  const refusals: [string, string][] = [
    ['PORT', '65536'],
    ['PORT', '-1'],
    ['PORT', '80.5'],
    ['KEEP_ALIVE_SECONDS', '0'],
    ['KEEP_ALIVE_SECONDS', '3601'],
    ['S3_FORCE_PATH_STYLE', 'yes'],
    ['USER_SPACE_BYTES', '50GB'],
    ['USER_SPACE_BYTES', '1e9'],
    ['USER_SPACE_BYTES', '9007199254740993'],
    ['MAX_FILE_BYTES', '0'],
    ['MAX_FILES', '0'],
    ['MAX_FILES', '1001'],
    ['SESSION_IDLE_HOURS', '0'],
    ['SESSION_IDLE_HOURS', '721'],
    ['BCRYPT_COST', '3'],
    ['REGISTRATIONS_PER_HOUR', 'none'],
    ['JWT_SECRET', 'short'],
    ['JWT_SECRET', `${SECRET},short`],
    ['JWT_SECRET', ','],
    ['MONGODB_URI', 'localhost'],
    ['S3_ENDPOINT', 'ftp://example.org'],
    ['S3_ENDPOINT', 'https://id:secret@s3.example.org'],
    ['S3_ENDPOINT', 'https://s3.example.org?x=1'],
    ['S3_ENDPOINT', 'https://s3.example.org/kura-test'],
    ['S3_ENDPOINT', 'https://s3.example.org/kura-test/'],
    ['CORS_ORIGINS', 'example.org'],
    ['CORS_ORIGINS', 'https://example.org/path'],
    ['CORS_ORIGINS', '*,https://example.org'],
    ['TRUST_PROXY', 'true'],
    ['TRUST_PROXY', '10.0.0.0/33'],
    ['TRUST_PROXY', '10.0.0.0/0'],
    ['TRUST_PROXY', ','],
    ['TRUST_PROXY', 'loopback,proxy.example.org'],
    ['NODE_ENV', 'staging'],
    ['ADMIN_USERNAME', 'root'],
    ['ADMIN_PASSWORD', 'correct horse battery'],
    ['AWS_ACCESS_KEY_ID', 'AKIA'],
    ['AWS_SESSION_TOKEN', 'token'],
  ]
  for (const [name, value] of refusals)
    it(`loadConfig – ${name}=${value} → throws`, () => {
      const faults = faultsOf({
        ...(name.startsWith('S3_') ? { S3_BUCKET: 'kura-test' } : {}),
        [name]: value,
      })
      expect(faults).to.have.length(1)
      expect(faults[0]).to.include(name)
    })

  for (const [name, words] of [
    ['NODE_ENV', 'development, test, production'],
    ['WEB', 'on, off'],
    ['LOG_LEVEL', 'fatal, error, warn, info, debug, trace, silent'],
  ])
    it(`loadConfig – ${name} is another word → sentence with the words and without the value`, () => {
      expect(faultsOf({ [String(name)]: 'hunter2' })).to.deep.equal([`${name} must be one of ${words}`])
    })

  it('loadConfig – short secret → error without the secret', () => {
    const faults = faultsOf({ JWT_SECRET: 'hunter2hunter2', ADMIN_PASSWORD: 'hunter2hunter2' })
    expect(faults).to.have.length(2)
    expect(faults.join()).to.not.include('hunter2')
  })
})
