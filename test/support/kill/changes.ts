import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import mongoose from 'mongoose'
import { connectDatabase, disconnectDatabase } from '../../../app/lifecycle/database.ts'
import type { ListedChange } from '../../../models/change-feed.ts'
import { withDatabase } from '../../embedded/engine.ts'
import { type Client, register } from '../app/client.ts'
import { databaseUri } from '../app/mongo.ts'
import { killAll, type ServiceProcess, startProcess } from '../app/process.ts'

/** What acknowledged requests did to an asset, in order. */
type Done = Map<string, ListedChange['kind'][]>

interface ChangesRun {
  /** Acknowledged changes. */
  acknowledged: number
  /** What a reader of the list of changes missed or saw wrongly. */
  faults: string[]
}

/** Time after the last change in which it must be listed, in milliseconds. */
const LISTED_MS = 3000

/**
 * Two processes change public assets; a user of the second one reads the list of changes in small pages meanwhile. The
 * first process is killed every `killMs` and started again. Returns what the reader missed of the acknowledged changes.
 */
export async function runChanges({ ms, killMs }: { ms: number; killMs: number }): Promise<ChangesRun> {
  const folder = await mkdtemp(join(tmpdir(), 'kura-changes-'))
  const uri = withDatabase(await databaseUri(), `kura-changes-${randomBytes(6).toString('hex')}`)
  const env = { DATA_DIR: folder, MONGODB_URI: uri, REGISTRATIONS_PER_HOUR: '0', LOG_LEVEL: 'error' }
  try {
    let first = await startProcess(env)
    const second = await startProcess(env)
    const writer = await register(first.origin)
    const reader = { ...(await register(second.origin)), origin: second.origin }
    const done: Done = new Map()
    const end = Date.now() + ms
    const isOver = () => Date.now() > end
    const writing = [
      write(() => first, writer.token, done, isOver),
      write(() => first, writer.token, done, isOver),
      write(() => second, writer.token, done, isOver),
    ]
    const killing = (async () => {
      while (!isOver()) {
        await delay(killMs)
        first.signal('SIGKILL')
        await first.ended
        first = await startProcess(env)
      }
    })()
    const listed = new Reader(reader)
    while (!isOver()) await listed.readPage()
    await Promise.all(writing)
    await delay(LISTED_MS)
    await listed.readAll()
    await killing
    const acknowledged = [...done.values()].reduce((sum, { length }) => sum + length, 0)
    return { acknowledged, faults: listed.compare(done) }
  } finally {
    await killAll()
    await connectDatabase(uri)
    await mongoose.connection.dropDatabase()
    await disconnectDatabase()
    await rm(folder, { recursive: true, force: true })
  }
}

/** Creates, changes and deletes assets until it is over. Records what was acknowledged. */
async function write(
  service: () => ServiceProcess,
  token: string,
  done: Done,
  isOver: () => boolean,
): Promise<void> {
  const request = async (method: string, path: string, body?: FormData | string) => {
    const type = typeof body === 'string' ? { 'Content-Type': 'application/json' } : {}
    const headers = { Authorization: `Bearer ${token}`, ...type }
    // a killed process ends its connections
    return fetch(`${service().origin}${path}`, { method, headers, ...(body ? { body } : {}) }).catch(
      () => null,
    )
  }
  for (let count = 0; !isOver(); count += 1) {
    const form = new FormData()
    form.append('visibility', 'public')
    form.append('files', new Blob(['v 0 0 0']), 'a.obj')
    const created = await request('POST', '/api/assets', form)
    if (created?.status !== 201) {
      await delay(50)
      continue
    }
    const { id } = ((await created.json()) as { res: { asset: { id: string } } }).res.asset
    const kinds: ListedChange['kind'][] = ['created']
    done.set(id, kinds)
    const changed = await request('PATCH', `/api/assets/${id}`, JSON.stringify({ name: `n${count}` }))
    if (changed?.status === 200) kinds.push('updated')
    if (count % 3 > 0) continue
    const deleted = await request('DELETE', `/api/assets/${id}`)
    if (deleted?.status === 204) kinds.push('deleted')
  }
}

/** Reads the list of changes in pages of a few. */
class Reader {
  #since = ''
  #last = ''
  readonly #faults: string[] = []
  readonly #kinds: Done = new Map()

  constructor(private readonly client: Client) {}

  /** Returns how many changes the page has. */
  async readPage(): Promise<number> {
    const { origin, token } = this.client
    const address = `${origin}/api/changes?limit=3${this.#since}`
    const answer = await fetch(address, { headers: { Authorization: `Bearer ${token}` } })
    const { res } = (await answer.json()) as {
      res: { changes: (ListedChange & { at: string })[]; next: string }
    }
    for (const { id, kind, at } of res.changes) {
      if (at < this.#last) this.#faults.push(`${at} is listed after ${this.#last}`)
      this.#last = at
      this.#kinds.set(id, [...(this.#kinds.get(id) ?? []), kind])
    }
    this.#since = `&since=${res.next}`
    return res.changes.length
  }

  async readAll(): Promise<void> {
    while ((await this.readPage()) > 0);
  }

  /** Returns what is missing or wrong. A repeated change is right. */
  compare(done: Done): string[] {
    for (const [id, kinds] of done) {
      const found = this.#kinds.get(id) ?? []
      for (const kind of kinds) if (!found.includes(kind)) this.#faults.push(`${id}: no ${kind} in ${found}`)
      if (kinds.includes('deleted') && found.at(-1) !== 'deleted')
        this.#faults.push(`${id}: ends with ${found}`)
    }
    return this.#faults
  }
}
