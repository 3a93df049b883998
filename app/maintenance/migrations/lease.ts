import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { LEASE_MS, SchemaVersion } from '../../../models/schema-version.ts'

const HEARTBEAT_MS = LEASE_MS / 3
const RETRY_MS = 500

/** Another process has taken over, because this one did not renew its lease in time. */
export class LeaseLost extends Error {
  override readonly name = 'LeaseLost'

  constructor() {
    super(
      'Another process took over the migration, because this one could not renew its lease in time. ' +
        'Run `npm run db:migrate` again to see the result.',
    )
  }
}

/**
 * The right to change the schema of the database, for one process at a time. It is renewed by a heartbeat and expires
 * when its process dies or loses the database.
 */
export class MigrationLease {
  readonly #holder = randomUUID()
  #heartbeat: NodeJS.Timeout | undefined
  #renewedAt = 0
  #lost = false

  /** Waits until this process has the lease. */
  static async acquire(onWait: () => void): Promise<MigrationLease> {
    const lease = new MigrationLease()
    for (let attempt = 1; ; attempt++) {
      const askedAt = performance.now()
      if (await SchemaVersion.acquireLease(lease.#holder)) {
        lease.#start(askedAt)
        return lease
      }
      if (attempt === 1) onWait()
      await delay(RETRY_MS)
    }
  }

  #start(askedAt: number): void {
    this.#renewedAt = askedAt
    this.#heartbeat = setInterval(() => this.#renew(), HEARTBEAT_MS)
  }

  /** A renewal that fails is tried again at the next heartbeat; `assertHeld` notices when that is too late. */
  async #renew(): Promise<void> {
    const askedAt = performance.now()
    const renewed = await SchemaVersion.renewLease(this.#holder).catch(() => null)
    if (renewed === false) this.#lost = true
    if (renewed) this.#renewedAt = askedAt
  }

  /** @throws LeaseLost when another process can have the lease by now */
  assertHeld(): void {
    if (this.#lost || performance.now() - this.#renewedAt >= LEASE_MS) throw new LeaseLost()
  }

  /** Records that the database has a version now. @throws LeaseLost */
  async setVersion(version: number): Promise<void> {
    if (!(await SchemaVersion.setVersion(this.#holder, version))) throw new LeaseLost()
  }

  /** A lease that cannot be released, because the database cannot be reached, expires. */
  async release(): Promise<void> {
    clearInterval(this.#heartbeat)
    await SchemaVersion.releaseLease(this.#holder).catch(() => undefined)
  }
}

/** Does work while no other process changes the schema. Waits until the lease is free. */
export async function withMigrationLease(
  work: (lease: MigrationLease) => Promise<void>,
  onWait: () => void = () => undefined,
): Promise<void> {
  const lease = await MigrationLease.acquire(onWait)
  try {
    await work(lease)
  } finally {
    await lease.release()
  }
}
