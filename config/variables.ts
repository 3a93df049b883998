import { str } from 'envalid'
import { basePath } from './base-path.ts'
import { mongodbUri } from './mongodb-uri.ts'
import {
  address,
  boolean,
  bucketName,
  integer,
  objectPrefix,
  origins,
  proxies,
  secrets,
  text,
} from './parsers.ts'

const GB = 1e9

/** All environment variables: parser, default and description. README.md, .env.example and docs/limits.md repeat them. */
export const variables = {
  NODE_ENV: str({
    choices: ['development', 'test', 'production'],
    default: 'development',
    desc: 'In production, MONGODB_URI and JWT_SECRET are required.',
  }),
  PORT: integer(0, 65_535)({ default: 8080, desc: 'Port that the service listens on; 0: a free one.' }),
  HOST: text({
    default: '::',
    desc: 'Network address that the service listens on; the default is every address of IPv6 and IPv4.',
  }),
  BASE_PATH: basePath({
    default: '',
    desc: 'Path below which a proxy publishes the service, such as /kura; addresses in answers begin with it.',
  }),
  WEB: str({
    choices: ['on', 'off'],
    default: 'on',
    desc: 'Whether the service has the web client: on or off.',
  }),
  DATA_DIR: text({
    default: './data',
    desc: 'Folder of the local database, the files on disk and the generated secret.',
  }),
  MONGODB_URI: mongodbUri({
    default: undefined,
    desc: 'URI of the MongoDB database; not set: a database in DATA_DIR.',
  }),
  KURA_MONGOD: text({
    default: undefined,
    desc: 'Path of a mongod that runs the database in DATA_DIR, or off for the embedded database; not set: the mongod on the PATH, else the embedded database.',
  }),
  S3_BUCKET: bucketName({
    default: undefined,
    desc: 'S3 bucket of the files; not set: files are on disk in DATA_DIR/objects.',
  }),
  S3_PREFIX: objectPrefix({
    default: undefined,
    desc: 'Prefix of all object keys, for a bucket that others use too; not set: no prefix.',
  }),
  S3_ENDPOINT: address(
    'http:',
    'https:',
  )({ default: undefined, desc: 'URL of an S3-compatible server; not set: AWS.' }),
  S3_FORCE_PATH_STYLE: boolean({
    default: undefined,
    desc: 'Whether the bucket is in the path of a URL (true) or in the host name (false); not set: true with S3_ENDPOINT.',
  }),
  S3_CHECKSUMS: str({
    choices: ['when_supported', 'when_required'],
    default: 'when_supported',
    desc: 'When S3 checksums are sent; older S3-compatible servers need when_required.',
  }),
  AWS_REGION: text({ default: 'us-east-1', desc: 'Region of the bucket.' }),
  AWS_ACCESS_KEY_ID: text({
    default: undefined,
    desc: 'Access key id for the bucket; not set: the default credentials of the AWS SDK.',
  }),
  AWS_SECRET_ACCESS_KEY: text({ default: undefined, desc: 'Secret of the access key.' }),
  AWS_SESSION_TOKEN: text({ default: undefined, desc: 'Session token of a temporary access key.' }),
  JWT_SECRET: secrets({
    default: undefined,
    desc: 'Comma-separated secrets of at least 32 characters: the first signs tokens, all verify them; not set: one is generated in DATA_DIR.',
  }),
  USER_SPACE_BYTES: integer(0)({ default: 50 * GB, desc: 'Quota of a user, in bytes.' }),
  USER_FILES: integer(0)({ default: 250_000, desc: 'Quota of a user, in files.' }),
  SERVER_SPACE_BYTES: integer(0)({
    default: 500 * GB,
    desc: 'Capacity of the server for all users together, in bytes.',
  }),
  MAX_FILE_BYTES: integer(1)({ default: 5 * GB, desc: 'Largest file, in bytes.' }),
  MAX_FILES: integer(1, 1000)({ default: 1000, desc: 'Most files of an asset.' }),
  MIN_UPLOAD_BYTES_PER_SECOND: integer(0)({
    default: 10_000,
    desc: 'Lowest speed of an upload, in bytes per second over a minute; slower uploads are ended. 0: no limit.',
  }),
  SESSION_IDLE_HOURS: integer(
    1,
    720,
  )({ default: 48, desc: 'Hours without a request after which a session ends.' }),
  MAX_CONNECTIONS: integer(0)({
    default: 0,
    desc: 'Open connections at most, half of them from one address if TRUST_PROXY is 0. 0: computed from the memory.',
  }),
  KEEP_ALIVE_SECONDS: integer(
    1,
    3600,
  )({
    default: 95,
    desc: 'Seconds that an idle connection is kept; must be longer than the proxy in front keeps it.',
  }),
  CORS_ORIGINS: origins({
    default: undefined,
    desc: 'Comma-separated web origins that can call the API from a browser, such as https://*.example.org or http://localhost:*, or * for all; not set: in production none, else http://localhost:* and http://127.0.0.1:*.',
  }),
  TRUST_PROXY: proxies({
    default: 0,
    desc: 'Number of proxies in front of the service, or their addresses.',
  }),
  ADMIN_USERNAME: text({
    default: undefined,
    desc: 'Username of an admin account that is created at start if it does not exist.',
  }),
  ADMIN_PASSWORD: text({ default: undefined, desc: 'First password of that account.' }),
  ACTIVITY_DAYS: integer(1, 3650)({ default: 365, desc: 'Days that activity records are kept.' }),
  COMPLIANCE_LOCKS: str({
    choices: ['on', 'admin', 'off'],
    default: 'on',
    desc: 'Who can set compliance locks, which nobody can lift: every owner (on), only admins, on their own assets (admin), or nobody (off).',
  }),
  LOCK_MAX_DAYS: integer(1, 36_500)({ default: 3650, desc: 'Longest lock, in days from now.' }),
  BCRYPT_COST: integer(
    4,
    20,
  )({ default: 12, desc: 'Cost of a bcrypt password hash: each step doubles the time.' }),
  REGISTRATIONS_PER_HOUR: integer(0)({
    default: 20,
    desc: 'Registrations per hour from one address; 0: no limit.',
  }),
  METRICS_TOKEN: text({
    default: undefined,
    desc: 'Bearer token for /metrics; not set: /metrics is open, and 404 in production.',
  }),
  LOG_LEVEL: str({
    choices: ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'],
    default: 'info',
    desc: 'Lowest level of the lines that are logged.',
  }),
}

/** Secrets and addresses. Each can also come from a file, whose path is in the variable `<NAME>_FILE`. */
export const FROM_FILES = [
  'MONGODB_URI',
  'S3_BUCKET',
  'S3_ENDPOINT',
  'AWS_ACCESS_KEY_ID',
  'AWS_SECRET_ACCESS_KEY',
  'AWS_SESSION_TOKEN',
  'JWT_SECRET',
  'ADMIN_USERNAME',
  'ADMIN_PASSWORD',
  'METRICS_TOKEN',
] as const satisfies (keyof typeof variables)[]

/** Variables whose values can begin and end with blanks and quotes. */
export const PASSWORDS: ReadonlySet<string> = new Set<keyof typeof variables>(['ADMIN_PASSWORD'])
