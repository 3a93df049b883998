import { totalmem } from 'node:os'
import { resolve } from 'node:path'
import { customCleanEnv, type ReporterOptions } from 'envalid'
import { KNOWN_SECRETS } from './known-secrets.ts'
import { variables } from './variables.ts'

const HOUR = 3_600_000

/** All that is wrong with the environment, in one message; the process cannot start. */
export class ConfigError extends Error {
  constructor(readonly faults: string[]) {
    super(`The configuration has ${faults.length === 1 ? 'a fault' : 'faults'}:\n  ${faults.join('\n  ')}`)
    this.name = 'ConfigError'
  }
}

type Environment = Record<string, string | undefined>
export type Config = ReturnType<typeof loadConfig>

/**
 * The settings of the service, nested and frozen, from the environment (contract §9).
 * An empty variable is as if absent.
 *
 * @throws ConfigError naming every fault at once
 */
export function loadConfig(environment: Environment) {
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''))
  const faults: string[] = []
  const env = customCleanEnv(given, variables, (cleaned) => ({ ...cleaned }), {
    reporter: ({ errors }: ReporterOptions<typeof variables>) => {
      for (const [name, error] of Object.entries(errors)) faults.push(`${name} ${(error as Error).message}`)
    },
  })
  const production = given.NODE_ENV === 'production'
  faults.push(...contradictions(given, production))
  if (faults.length > 0) throw new ConfigError(faults)

  const dataDir = resolve(env.DATA_DIR)
  return freeze({
    production,
    dataDir,
    http: {
      port: env.PORT,
      host: env.HOST,
      origins: env.CORS_ORIGINS,
      trustProxy: env.TRUST_PROXY,
      connections: env.MAX_CONNECTIONS || connectionsByMemory(),
    },
    database: { uri: env.MONGODB_URI ?? null, dir: resolve(dataDir, 'mongo') },
    storage: {
      dir: resolve(dataDir, 'objects'),
      s3: env.S3_BUCKET
        ? {
            bucket: env.S3_BUCKET,
            prefix: env.S3_PREFIX ?? '',
            endpoint: env.S3_ENDPOINT ?? null,
            region: env.AWS_REGION,
            checksums: env.S3_CHECKSUMS,
            credentials:
              env.AWS_ACCESS_KEY_ID && env.AWS_SECRET_ACCESS_KEY
                ? { accessKeyId: env.AWS_ACCESS_KEY_ID, secretAccessKey: env.AWS_SECRET_ACCESS_KEY }
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
      /** Of a user without limits of their own. */
      quota: { limit: env.USER_SPACE_BYTES, fileLimit: env.USER_FILES },
      server: env.SERVER_SPACE_BYTES,
      file: env.MAX_FILE_BYTES,
    },
    metrics: { token: env.METRICS_TOKEN ?? null },
    log: { level: env.LOG_LEVEL },
  })
}

/** Memory that a busy connection can take in its buffers, and how many there can be at most by default. */
const CONNECTION_BYTES = 512 * 1024
const DEFAULT_CONNECTIONS = { least: 200, most: 20_000 }

/** Returns as many connections as fit into half of the memory of the machine or container. */
export function connectionsByMemory(memory = constrainedMemory()): number {
  const { least, most } = DEFAULT_CONNECTIONS
  return Math.min(most, Math.max(least, Math.floor(memory / 2 / CONNECTION_BYTES)))
}

/** Bytes of memory; without a limit `process.constrainedMemory` returns 0 or a number beyond any machine. */
function constrainedMemory(): number {
  return Math.min(totalmem(), process.constrainedMemory?.() || Number.POSITIVE_INFINITY)
}

function contradictions(env: Environment, production: boolean): string[] {
  const faults: string[] = []
  const together = (one: string, other: string) => {
    if (Boolean(env[one]) !== Boolean(env[other])) faults.push(`${one} and ${other} must be given together`)
  }
  together('AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY')
  together('ADMIN_USERNAME', 'ADMIN_PASSWORD')
  for (const name of ['S3_ENDPOINT', 'S3_PREFIX'])
    if (env[name] && !env.S3_BUCKET) faults.push(`S3_BUCKET must be given with ${name}`)
  for (const name of production ? ['MONGODB_URI', 'JWT_SECRET'] : [])
    if (!env[name]) faults.push(`${name} must be given when NODE_ENV is production`)
  for (const [name, known] of production ? Object.entries(KNOWN_SECRETS) : [])
    if (env[name]?.split(',').some((secret) => known.includes(secret.trim())))
      faults.push(
        `${name} is an example that everybody knows; choose another one when NODE_ENV is production`,
      )
  return faults
}

type DeepReadonly<T> = { readonly [K in keyof T]: T[K] extends object ? DeepReadonly<T[K]> : T[K] }

function freeze<T extends object>(settings: T): DeepReadonly<T> {
  for (const value of Object.values(settings)) if (typeof value === 'object' && value) freeze(value)
  return Object.freeze(settings)
}
