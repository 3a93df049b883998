import { Gauge, type Registry } from 'prom-client'
import { Asset } from '../../models/asset.ts'
import { Capacity, SERVER } from '../../models/capacity.ts'
import { type BackupResult, Installation } from '../../models/installation.ts'
import type { Space } from '../../models/plugins/space.ts'
import { Session } from '../../models/session.ts'
import { User } from '../../models/user.ts'
import type { ObjectStore } from '../storage/object-store.ts'
import { READ_MS, recentValue } from './recent-value.ts'

/** The values of the database that every process shows. */
interface DatabaseState {
  space: Space | null
  users: number
  assets: number
  sessions: number
  backup: BackupResult | null
}

/** Reads two documents and the numbers of documents that the database keeps for each collection. */
async function readDatabase(): Promise<DatabaseState> {
  const counted = { maxTimeMS: READ_MS }
  const [space, users, assets, sessions, backup] = await Promise.all([
    Capacity.spaceOf(SERVER),
    User.collection.estimatedDocumentCount(counted),
    Asset.collection.estimatedDocumentCount(counted),
    Session.collection.estimatedDocumentCount(counted),
    Installation.lastBackup(),
  ])
  return { space, users, assets, sessions, backup }
}

/** Each function returns how many bytes can be stored; null if this is not limited by a disk of the service. */
export type Disks = Record<'store' | 'database', () => Promise<number | null>>

/** The part of the `Context` that is measured. */
interface Measured {
  store: Pick<ObjectStore, 'check'>
  disks: Disks
  prepared: boolean
  writesRefused: object | null
}

type ValueOf<T> = (state: T) => number | null | undefined

/**
 * Adds the state of the database, the store and the disks. It is read at most every 5 s; a value that cannot be read
 * within 2 s has no series.
 */
export function measureState(registry: Registry, context: Measured): void {
  const { store, disks } = context
  const database = recentValue(readDatabase)
  const reachedStore = recentValue(() => store.check(AbortSignal.timeout(READ_MS)).then(() => true))
  const free = { store: recentValue(disks.store), database: recentValue(disks.database) }

  const gauge = (name: string, help: string, value: () => Promise<number | null | undefined>) =>
    new Gauge({
      name,
      help,
      registers: [registry],
      async collect() {
        const current = await value()
        this.reset()
        if (typeof current === 'number') this.set(current)
        else this.remove()
      },
    })
  const stored = (name: string, help: string, read: ValueOf<DatabaseState>) =>
    gauge(name, help, async () => {
      const state = await database()
      return state && read(state)
    })

  gauge('kura_database_up', '1 if the database answers, else 0', async () =>
    Number((await database()) !== null),
  )
  gauge('kura_store_up', '1 if the store answers, else 0', async () =>
    Number((await reachedStore()) !== null),
  )
  gauge('kura_writable', '1 if the service takes writes, else 0', async () =>
    Number(context.prepared && context.writesRefused === null),
  )
  for (const [name, help, read] of SPACE) stored(name, help, ({ space }) => (space ? read(space) : undefined))
  stored('kura_users', 'Accounts', ({ users }) => users)
  stored('kura_assets', 'Assets, with those that are being deleted', ({ assets }) => assets)
  stored('kura_sessions', 'Sessions that have not ended', ({ sessions }) => sessions)
  for (const [name, help, read] of BACKUP)
    stored(name, help, ({ backup }) => (backup ? read(backup) : undefined))

  new Gauge({
    name: 'kura_disk_free_bytes',
    help: 'Bytes left for uploads on the disk of the store and of a local database',
    labelNames: ['disk'] as const,
    registers: [registry],
    async collect() {
      const found = { store: await free.store(), database: await free.database() }
      this.reset()
      for (const disk of ['store', 'database'] as const)
        if (found[disk] !== null) this.set({ disk }, found[disk])
    },
  })
}

const SPACE: [name: string, help: string, read: ValueOf<Space>][] = [
  ['kura_space_used_bytes', 'Bytes that all users have stored', ({ used }) => used],
  [
    'kura_space_reserved_bytes',
    'Bytes that running uploads of all users have reserved',
    ({ reserved }) => reserved,
  ],
  [
    'kura_space_limit_bytes',
    'Bytes that all users together can store (SERVER_SPACE_BYTES)',
    ({ limit }) => limit,
  ],
  [
    'kura_space_free_bytes',
    'Bytes of the capacity that are neither used nor reserved',
    ({ limit, used, reserved }) => (limit === null ? null : Math.max(0, limit - used - reserved)),
  ],
  ['kura_stored_files', 'Files that all users have stored', ({ files }) => files],
]

const seconds = (time: Date | undefined) => time && time.getTime() / 1000

const BACKUP: [name: string, help: string, read: ValueOf<BackupResult>][] = [
  [
    'kura_backup_last_success_timestamp_seconds',
    'Time at which the last complete backup ended, in seconds since 1970',
    ({ succeededAt }) => seconds(succeededAt),
  ],
  [
    'kura_backup_last_failure_timestamp_seconds',
    'Time at which a backup last failed or was incomplete, in seconds since 1970',
    ({ failedAt }) => seconds(failedAt),
  ],
  [
    'kura_backup_last_duration_seconds',
    'Seconds that the last complete backup took',
    ({ seconds }) => seconds,
  ],
  ['kura_backup_last_assets', 'Assets in the last complete backup', ({ assets }) => assets],
  [
    'kura_backup_last_bytes',
    'Bytes of the objects that the last complete backup lists',
    ({ bytes }) => bytes,
  ],
]
