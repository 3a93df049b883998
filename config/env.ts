import { resolve } from 'node:path'
import { customCleanEnv, type ReporterOptions } from 'envalid'
import { DEVELOPMENT_ORIGINS } from './cors.ts'
import { fileVariable, readFileVariables } from './file-variables.ts'
import { KNOWN_SECRETS } from './known-secrets.ts'
import { memoryLimit } from './machine.ts'
import { refuseEnds } from './value-ends.ts'
import { variables } from './variables.ts'

const HOUR = 3_600_000

/** Lists all errors of the environment in one message. The process cannot start. */
export class ConfigError extends Error {
  constructor(readonly errors: string[]) {
    super(`The configuration has ${errors.length === 1 ? 'an error' : 'errors'}:\n  ${errors.join('\n  ')}`)
    this.name = 'ConfigError'
  }
}

type Environment = Record<string, string | undefined>
export type Config = ReturnType<typeof loadConfig>

/**
 * Returns the settings of the service from the environment and the files that it names, nested and frozen. An empty
 * variable counts as not set.
 *
 * @throws ConfigError that lists all errors
 */
export function loadConfig(environment: Environment) {
  const set = Object.fromEntries(Object.entries(environment).filter(([, value]) => value))
  const errors: string[] = []
  const given = refuseEnds(readFileVariables(refuseEnds(set, errors), errors), errors)
  const env = customCleanEnv(given, variables, (cleaned) => ({ ...cleaned }), {
    reporter: ({ errors: found }: ReporterOptions<typeof variables>) => {
      for (const [name, error] of Object.entries(found)) {
        const { choices } = variables[name as keyof typeof variables]
        const message = choices ? `must be one of ${choices.join(', ')}` : (error as Error).message
        errors.push(`${name} ${message}`)
      }
    },
  })
  const production = given.NODE_ENV === 'production'
  errors.push(...contradictions(given, (name) => Boolean(set[name] || set[fileVariable(name)]), production))
  if (errors.length > 0) throw new ConfigError(errors)

  const dataDir = resolve(env.DATA_DIR)
  return freeze({
    production,
    dataDir,
    http: {
      port: env.PORT,
      host: env.HOST,
      /** Beginning of all paths in answers: empty, or segments with a `/` before each. */
      basePath: env.BASE_PATH,
      web: env.WEB === 'on',
      origins: env.CORS_ORIGINS ?? (production ? [] : DEVELOPMENT_ORIGINS),
      trustProxy: env.TRUST_PROXY,
      connections: env.MAX_CONNECTIONS || connectionsByMemory(),
      keepAliveMs: env.KEEP_ALIVE_SECONDS * 1000,
    },
    database: {
      uri: env.MONGODB_URI ?? null,
      /** Folder of the embedded database. */
      dir: resolve(dataDir, 'mongo'),
      mongod: {
        setting: env.KURA_MONGOD ?? null,
        dir: resolve(dataDir, 'mongod'),
        environment: { PATH: given.PATH ?? '', HOME: given.HOME ?? '' },
      },
    },
    storage: {
      dir: resolve(dataDir, 'objects'),
      s3: env.S3_BUCKET
        ? {
            bucket: env.S3_BUCKET,
            prefix: env.S3_PREFIX ?? '',
            endpoint: env.S3_ENDPOINT ?? null,
            pathStyle: env.S3_FORCE_PATH_STYLE ?? Boolean(env.S3_ENDPOINT),
            region: env.AWS_REGION,
            checksums: env.S3_CHECKSUMS,
            credentials:
              env.AWS_ACCESS_KEY_ID && env.AWS_SECRET_ACCESS_KEY
                ? {
                    accessKeyId: env.AWS_ACCESS_KEY_ID,
                    secretAccessKey: env.AWS_SECRET_ACCESS_KEY,
                    ...(env.AWS_SESSION_TOKEN ? { sessionToken: env.AWS_SESSION_TOKEN } : {}),
                  }
                : null,
          }
        : null,
    },
    auth: {
      secrets: env.JWT_SECRET ?? null,
      bcryptCost: env.BCRYPT_COST,
      idleMs: env.SESSION_IDLE_HOURS * HOUR,
      registrationsPerHour: env.REGISTRATIONS_PER_HOUR,
      admin:
        env.ADMIN_USERNAME && env.ADMIN_PASSWORD
          ? { username: env.ADMIN_USERNAME, password: env.ADMIN_PASSWORD }
          : null,
    },
    locks: { compliance: env.COMPLIANCE_LOCKS, maxDays: env.LOCK_MAX_DAYS },
    activity: { days: env.ACTIVITY_DAYS },
    uploads: { minBytesPerSecond: env.MIN_UPLOAD_BYTES_PER_SECOND },
    space: {
      /** Limits of a user whose account sets none. */
      quota: { limit: env.USER_SPACE_BYTES, fileLimit: env.USER_FILES },
      server: env.SERVER_SPACE_BYTES,
      file: env.MAX_FILE_BYTES,
      /** Most files of an asset. */
      files: env.MAX_FILES,
    },
    metrics: { token: env.METRICS_TOKEN ?? null },
    log: {
      level: env.LOG_LEVEL,
      /** Whether the log is for people if standard output is a terminal. */
      pretty: env.NODE_ENV === 'development',
    },
  })
}

/** Memory that the buffers of a busy connection can use, in bytes. */
const CONNECTION_BYTES = 512 * 1024
/** Range of the default for `MAX_CONNECTIONS`. */
const DEFAULT_CONNECTIONS = { least: 200, most: 20_000 }

/** Returns the number of connections that fit into half of the memory of the machine or container. */
export function connectionsByMemory(memory = memoryLimit()): number {
  const { least, most } = DEFAULT_CONNECTIONS
  return Math.min(most, Math.max(least, Math.floor(memory / 2 / CONNECTION_BYTES)))
}

/**
 * Returns a sentence for each error that several variables make together.
 *
 * @param isSet whether a variable is set, also to a value that is refused
 */
function contradictions(env: Environment, isSet: (name: string) => boolean, production: boolean): string[] {
  const errors: string[] = []
  const together = (one: string, other: string) => {
    if (isSet(one) !== isSet(other)) errors.push(`${one} and ${other} must be given together`)
  }
  together('AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY')
  together('ADMIN_USERNAME', 'ADMIN_PASSWORD')
  if (isSet('AWS_SESSION_TOKEN') && !isSet('AWS_ACCESS_KEY_ID'))
    errors.push('AWS_ACCESS_KEY_ID must be given with AWS_SESSION_TOKEN')
  for (const name of ['S3_ENDPOINT', 'S3_PREFIX', 'S3_FORCE_PATH_STYLE'])
    if (isSet(name) && !isSet('S3_BUCKET')) errors.push(`S3_BUCKET must be given with ${name}`)
  for (const name of production ? ['MONGODB_URI', 'JWT_SECRET'] : [])
    if (!isSet(name)) errors.push(`${name} must be given when NODE_ENV is production`)
  errors.push(...bucketErrors(env))
  for (const [name, known] of production ? Object.entries(KNOWN_SECRETS) : [])
    if (env[name]?.split(',').some((secret) => known.includes(secret.trim())))
      errors.push(
        `${name} is an example that everybody knows; choose another one when NODE_ENV is production`,
      )
  return errors
}

/** Returns a sentence for each error in the name of the bucket that depends on the store. */
function bucketErrors({ S3_BUCKET: bucket = '', S3_ENDPOINT: endpoint = '' }: Environment): string[] {
  const errors: string[] = []
  if (bucket.includes('_') && !endpoint) errors.push('S3_BUCKET must not contain _ if the store is AWS')
  const path = URL.canParse(endpoint) ? new URL(endpoint).pathname : ''
  if (bucket && path.replace(/\/$/, '').endsWith(`/${bucket}`))
    errors.push('S3_ENDPOINT must be the address of the store without the bucket, which S3_BUCKET names')
  return errors
}

type DeepReadonly<T> = { readonly [K in keyof T]: T[K] extends object ? DeepReadonly<T[K]> : T[K] }

function freeze<T extends object>(settings: T): DeepReadonly<T> {
  for (const value of Object.values(settings)) if (typeof value === 'object' && value) freeze(value)
  return Object.freeze(settings)
}
