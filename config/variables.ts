import { str } from 'envalid'
import { mongodbUri } from './mongodb-uri.ts'
import { address, integer, objectPrefix, origins, proxies, secrets, text } from './parsers.ts'

const GB = 1e9

/** Every environment variable, declared once: its parser, its default and one sentence. */
export const variables = {
  NODE_ENV: str({
    choices: ['development', 'test', 'production'],
    default: 'development',
    desc: 'In production nothing is improvised: database and secret must be given.',
  }),
  PORT: integer(0, 65_535)({ default: 8080, desc: 'Port to listen on.' }),
  HOST: text({ default: '0.0.0.0', desc: 'Address to listen on.' }),
  DATA_DIR: text({ default: './data', desc: 'Folder for what is kept locally.' }),
  MONGODB_URI: mongodbUri({
    default: undefined,
    desc: 'The database; absent: the embedded stand-in under DATA_DIR.',
  }),
  S3_BUCKET: text({ default: undefined, desc: 'The bucket; absent: files on disk under DATA_DIR/objects.' }),
  S3_PREFIX: objectPrefix({
    default: undefined,
    desc: 'Keeps all objects under this prefix of a shared bucket; absent: the whole bucket.',
  }),
  S3_ENDPOINT: address(
    'http:',
    'https:',
  )({ default: undefined, desc: 'Address of an S3-compatible store; absent: AWS.' }),
  S3_CHECKSUMS: str({
    choices: ['when_supported', 'when_required'],
    default: 'when_supported',
    desc: 'Send S3 checksums always, or only where required (for older S3-compatible stores).',
  }),
  AWS_REGION: text({ default: 'us-east-1', desc: 'Region of the bucket.' }),
  AWS_ACCESS_KEY_ID: text({
    default: undefined,
    desc: "Key id; absent: the AWS SDK's own credential chain.",
  }),
  AWS_SECRET_ACCESS_KEY: text({ default: undefined, desc: 'The secret that belongs to the key id.' }),
  JWT_SECRET: secrets({
    default: undefined,
    desc: 'Secrets that sign tokens, comma-separated: the first signs, all verify; absent: one is made under DATA_DIR.',
  }),
  USER_SPACE_BYTES: integer(0)({ default: 50 * GB, desc: 'Space of a user, in bytes.' }),
  USER_FILES: integer(0)({ default: 250_000, desc: 'Files that a user can store.' }),
  SERVER_SPACE_BYTES: integer(0)({ default: 500 * GB, desc: 'Space of all users together, in bytes.' }),
  MAX_FILE_BYTES: integer(1)({ default: 5 * GB, desc: 'The largest single file, in bytes.' }),
  MIN_UPLOAD_BYTES_PER_SECOND: integer(0)({
    default: 10_000,
    desc: 'The lowest speed of an upload over a minute, in bytes a second; slower ones end. 0: no limit.',
  }),
  SESSION_IDLE_HOURS: integer(
    1,
    720,
  )({ default: 48, desc: 'Hours without access after which a session ends.' }),
  MAX_CONNECTIONS: integer(0)({
    default: 0,
    desc: 'Connections at a time, at most half of them from one address where TRUST_PROXY is 0; 0: as many as the memory allows.',
  }),
  CORS_ORIGINS: origins({
    default: [],
    desc: 'Web origins that may call from a browser, or *; absent: none.',
  }),
  TRUST_PROXY: proxies({ default: 0, desc: 'Number of proxies before the service, or their addresses.' }),
  ADMIN_USERNAME: text({ default: undefined, desc: 'Name of an admin account made at start if missing.' }),
  ADMIN_PASSWORD: text({ default: undefined, desc: 'Its first password.' }),
  ACTIVITY_DAYS: integer(1, 3650)({ default: 365, desc: 'Days that records of activity are kept.' }),
  COMPLIANCE_LOCKS: str({
    choices: ['on', 'admin', 'off'],
    default: 'on',
    desc: 'Who may set compliance locks, which nobody can lift: every owner, admins on their own assets, or nobody.',
  }),
  LOCK_MAX_DAYS: integer(1, 36_500)({ default: 3650, desc: 'Days from now that a lock can run at most.' }),
  BCRYPT_COST: integer(4, 20)({ default: 12, desc: 'Cost of a password hash: each step doubles the time.' }),
  REGISTRATIONS_PER_HOUR: integer(0)({
    default: 20,
    desc: 'Registrations an hour from one address; 0: no limit.',
  }),
  METRICS_TOKEN: text({
    default: undefined,
    desc: 'Bearer token for /metrics; absent: open, in production 404.',
  }),
  LOG_LEVEL: str({
    choices: ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'],
    default: 'info',
    desc: 'How much is logged.',
  }),
}
