import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { ConfigError, loadConfig } from '../../config/env.ts'
import { FROM_FILES, variables } from '../../config/variables.ts'

const SECRET = 'a secret of at least 32 characters'
const BUCKET = { S3_BUCKET: 'kura-test' }

function errorsOf(env: Record<string, string>): string[] {
  try {
    loadConfig(env)
    return []
  } catch (error) {
    if (error instanceof ConfigError) return error.errors
    throw error
  }
}

/** Half of a pair has a second error. */
const isAboutEnds = (error: string) => error.includes(' must not begin or end with ')

describe('values of variables', () => {
  for (const name of Object.keys(variables).filter((one) => one !== 'ADMIN_PASSWORD'))
    it(`${name} – quotes, blanks or invisible characters at an end → one sentence without the value`, () => {
      const values = ['"hunter2"', "'hunter2'", 'hunter2"', '`hunter2`', '“hunter2”']
      for (const value of values)
        expect(errorsOf({ [name]: value }).filter(isAboutEnds)).to.deep.equal([
          `${name} must not begin or end with a quote; remove it`,
        ])
      for (const value of [' hunter2', 'hunter2\t', 'hunter2\n', '\ufeffhunter2', 'hunter2\u200b', ' '])
        expect(errorsOf({ [name]: value }).filter(isAboutEnds)).to.deep.equal([
          `${name} must not begin or end with a blank, a line end or an invisible character; remove it`,
        ])
    })

  it('ADMIN_PASSWORD – quotes and blanks at the ends → part of the password', () => {
    for (const password of ['"correct horse"', ' correct horse '])
      expect(loadConfig({ ADMIN_USERNAME: 'root', ADMIN_PASSWORD: password }).auth.admin?.password).to.equal(
        password,
      )
  })

  it('NODE_ENV – production in quotes → refused, not development', () => {
    expect(errorsOf({ NODE_ENV: '"production"' })).to.deep.equal([
      'NODE_ENV must not begin or end with a quote; remove it',
    ])
  })

  for (const name of ['kura', 'kura-1', 'my.bucket', '123', 'a'.repeat(63)])
    it(`S3_BUCKET – ${name} → accepted`, () => {
      expect(loadConfig({ S3_BUCKET: name }).storage.s3?.bucket).to.equal(name)
    })

  const RULES = /^S3_BUCKET must be the name of a bucket: 3 to 63 lower-case letters/
  const REFUSED: [bucket: string, sentence: RegExp][] = [
    ['Kura', RULES],
    ['ku', RULES],
    ['a'.repeat(64), RULES],
    ['-kura', RULES],
    ['kura-', RULES],
    ['.kura', RULES],
    ['ku..ra', RULES],
    ['ku ra', RULES],
    ['küra', RULES],
    ['kura:tenant', RULES],
    ['192.168.5.4', RULES],
    ['xn--kura', RULES],
    ['kura.s3.eu-west-1.amazonaws.com', RULES],
    ['my_bucket', /^S3_BUCKET must not contain _ if the store is AWS/],
    ['kura/assets', /^S3_BUCKET must be the name of a bucket alone; set S3_PREFIX/],
    ['kura/', /^S3_BUCKET must be the name of a bucket alone; set S3_PREFIX/],
    ['s3://kura', /^S3_BUCKET must be the name of a bucket, not an address/],
    ['https://s3.example.org/kura', /^S3_BUCKET must be the name of a bucket, not an address/],
    ['arn:aws:s3:::kura', /^S3_BUCKET must be the name of a bucket, not an ARN/],
  ]
  for (const [bucket, sentence] of REFUSED)
    it(`S3_BUCKET – ${bucket.slice(0, 40)} → refused with a sentence`, () => {
      const errors = errorsOf({ S3_BUCKET: bucket })
      expect(errors).to.have.length(1)
      expect(errors[0]).to.match(sentence)
    })

  it('S3_BUCKET – _ with S3_ENDPOINT → accepted, because other stores allow it', () => {
    const env = { S3_BUCKET: 'my_bucket', S3_ENDPOINT: 'https://storage.example.org' }
    expect(loadConfig(env).storage.s3?.bucket).to.equal('my_bucket')
  })

  it('S3_FORCE_PATH_STYLE – not set → true with S3_ENDPOINT; set → as set', () => {
    const endpoint = { S3_ENDPOINT: 'https://s3.example.org/gateway' }
    const pathStyleOf = (env: Record<string, string>) =>
      loadConfig({ ...BUCKET, ...env }).storage.s3?.pathStyle
    expect(pathStyleOf({})).to.equal(false)
    expect(pathStyleOf(endpoint)).to.equal(true)
    expect(pathStyleOf({ ...endpoint, S3_FORCE_PATH_STYLE: 'false' })).to.equal(false)
    expect(pathStyleOf({ S3_FORCE_PATH_STYLE: 'true' })).to.equal(true)
  })
})

describe('values from files', () => {
  let folder: string
  let count = 0
  const file = async (content: string | Buffer) => {
    count += 1
    const path = join(folder, `hunter2-${count}`)
    await writeFile(path, content)
    return path
  }

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kura-values-'))
  })
  after(() => rm(folder, { recursive: true, force: true }))

  it('<NAME>_FILE – every secret and address → the content, without one line end', async () => {
    const values: Record<(typeof FROM_FILES)[number], string> = {
      MONGODB_URI: 'mongodb://ada:p%40ss@db.example:27017/kura',
      S3_BUCKET: 'kura-test',
      S3_ENDPOINT: 'https://s3.example.org',
      AWS_ACCESS_KEY_ID: 'AKIA',
      AWS_SECRET_ACCESS_KEY: 'key/of+bucket=',
      AWS_SESSION_TOKEN: 'token',
      JWT_SECRET: `${SECRET}1,${SECRET}2`,
      ADMIN_USERNAME: 'root',
      ADMIN_PASSWORD: ' correct "horse"',
      METRICS_TOKEN: 'scrape',
    }
    for (const end of ['', '\n', '\r\n']) {
      const entries = Object.entries(values).map(async ([name, value]) => [
        `${name}_FILE`,
        await file(value + end),
      ])
      const production = { NODE_ENV: 'production' }
      expect(loadConfig({ ...production, ...Object.fromEntries(await Promise.all(entries)) })).to.deep.equal(
        loadConfig({ ...production, ...values }),
      )
    }
    expect(loadConfig({ ...values, JWT_SECRET_FILE: '' })).to.deep.equal(loadConfig(values))
  })

  it('ADMIN_PASSWORD_FILE – two line ends → one is part of the password; JWT_SECRET_FILE → refused', async () => {
    const ADMIN_PASSWORD_FILE = await file('correct horse\n\n')
    expect(loadConfig({ ADMIN_USERNAME: 'root', ADMIN_PASSWORD_FILE }).auth.admin?.password).to.equal(
      'correct horse\n',
    )
    expect(errorsOf({ JWT_SECRET_FILE: await file(`${SECRET}\n\n`) })).to.deep.equal([
      'JWT_SECRET must not begin or end with a blank, a line end or an invisible character; remove it',
    ])
  })

  it('JWT_SECRET_FILE – unusable file, production → one sentence with the name, without path and content', async () => {
    const database = { NODE_ENV: 'production', MONGODB_URI: 'mongodb://db.example/kura' }
    const cases: [path: string, sentence: string][] = [
      [
        join(folder, 'hunter2-missing'),
        'names a file that cannot be read: no such file or directory (ENOENT)',
      ],
      [join(await file('x'), 'hunter2'), 'names a file that cannot be read: not a directory (ENOTDIR)'],
      [folder, 'names a folder; it must be the path of a file that contains only the value'],
      [await file(''), 'names an empty file; write the value into it'],
      [await file('\n'), 'names an empty file; write the value into it'],
      [
        await file(Buffer.from([0x68, 0xff, 0xfe])),
        'names a file that is not text in UTF-8; it must contain only the value',
      ],
      ['/dev/zero', 'names a file of more than 65536 bytes; it must contain only the value'],
      [
        ' /run/secrets/jwt',
        'must not begin or end with a blank, a line end or an invisible character; remove it',
      ],
      ['"/run/secrets/jwt"', 'must not begin or end with a quote; remove it'],
    ]
    for (const [path, sentence] of cases)
      expect(errorsOf({ ...database, JWT_SECRET_FILE: path })).to.deep.equal([`JWT_SECRET_FILE ${sentence}`])
  })

  for (const name of FROM_FILES)
    it(`${name} – value and file → refused by name`, async () => {
      const errors = errorsOf({ [name]: 'hunter2', [`${name}_FILE`]: await file('hunter2') })
      expect(errors).to.include(`${name} and ${name}_FILE are both set; set only one of them`)
      expect(errors.join()).to.not.contain('hunter2 ')
    })

  it('JWT_SECRET_FILE – example of the repository, production → refused like the value', async () => {
    const env = { NODE_ENV: 'production', MONGODB_URI: 'mongodb://db.example/kura' }
    const JWT_SECRET_FILE = await file('only-for-trying-only-for-trying-only-for-trying\n')
    expect(errorsOf({ ...env, JWT_SECRET_FILE }).join()).to.match(
      /^JWT_SECRET is an example that everybody knows/,
    )
  })
})
