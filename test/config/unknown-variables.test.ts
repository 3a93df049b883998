import { expect } from 'chai'
import { FILE_VARIABLES } from '../../config/file-variables.ts'
import { unknownVariables } from '../../config/unknown-variables.ts'
import { variables } from '../../config/variables.ts'

/** Variables that are probably meant for Kura, and the known name that each resembles. */
const MEANT: [name: string, known: string | null][] = [
  ['MONGODB_URL', 'MONGODB_URI'],
  ['MONGO_URI', 'MONGODB_URI'],
  ['MOGNODB_URI', 'MONGODB_URI'],
  ['mongodb_uri', 'MONGODB_URI'],
  ['CORS_ORIGIN', 'CORS_ORIGINS'],
  ['JWT_SECRETS', 'JWT_SECRET'],
  ['PROT', 'PORT'],
  ['HOSTS', 'HOST'],
  ['S3BUCKET', 'S3_BUCKET'],
  ['DATADIR', 'DATA_DIR'],
  ['LOGLEVEL', 'LOG_LEVEL'],
  ['KURA_PORT', 'PORT'],
  ['KURA_JWT_SECRET', 'JWT_SECRET'],
  ['KURA_MONGOD_PATH', null],
  ['KURA_ANYTHING', null],
  ['JWT_SECRETS_FILE', 'JWT_SECRET_FILE'],
  ['MONGODB_URL_FILE', 'MONGODB_URI_FILE'],
]

/** Variables of other programs, of the shell, of npm, Docker and Kubernetes. */
const OTHERS = [
  ...['PATH', 'HOME', 'PWD', 'USER', 'SHELL', 'LANG', 'TERM', 'SHLVL', 'MAIL', 'TMPDIR', 'EDITOR', 'TZ', '_'],
  ...[
    'HOSTNAME',
    'LOGNAME',
    'OLDPWD',
    'DISPLAY',
    'NODE_OPTIONS',
    'NODE_PATH',
    'INIT_CWD',
    'npm_config_cache',
  ],
  ...[
    'AWS_PROFILE',
    'AWS_CONFIG_FILE',
    'AWS_SHARED_CREDENTIALS_FILE',
    'AWS_WEB_IDENTITY_TOKEN_FILE',
    'AWS_DEFAULT_REGION',
    'AWS_ROLE_ARN',
    'DYNO',
    'DATABASE_URL',
  ],
  ...['KURA', 'KURA_SERVICE_HOST', 'KURA_SERVICE_PORT', 'KURA_PORT_8080_TCP', 'KURA_PORT_8080_TCP_ADDR'],
]

describe('unknownVariables', () => {
  it('unknownVariables – names like known ones, and others with KURA_ → one sentence each, without the value', () => {
    const environment = Object.fromEntries(MEANT.map(([name]) => [name, 'hunter2']))
    expect(unknownVariables(environment)).to.deep.equal(
      MEANT.map(([name, known]) => {
        const question = known ? ` Did you mean ${known}?` : ''
        return `${name} is not a variable of Kura and has no effect.${question}`
      }),
    )
  })

  it('unknownVariables – file for a variable that cannot come from one → a sentence', () => {
    expect(unknownVariables({ CORS_ORIGINS_FILE: '/run/secrets/origins' })).to.deep.equal([
      'CORS_ORIGINS_FILE has no effect: CORS_ORIGINS cannot come from a file.',
    ])
  })

  it('unknownVariables – known names, names of other programs, empty values → nothing', () => {
    const names = [...Object.keys(variables), ...FILE_VARIABLES, ...OTHERS]
    const environment = Object.fromEntries(names.map((name) => [name, 'x']))
    expect(unknownVariables({ ...environment, KURA_PORT: 'tcp://10.0.0.1:8080' })).to.deep.equal([])
    expect(unknownVariables({ MONGODB_URL: '', KURA_ANYTHING: undefined })).to.deep.equal([])
  })
})
