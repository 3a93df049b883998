import { setTimeout as delay } from 'node:timers/promises'
import { freePort } from '../app/http.ts'
import { KillClient } from './clients.ts'
import { makeGround } from './ground.ts'
import { Standby } from './standby.ts'
import { verify } from './verify.ts'

const CLIENTS = 8
/** Longest life of a process in milliseconds, also on a machine that is too busy for answers. */
const LONGEST_LIFE_MS = 20_000
/** `STALE_MS` of the service: short, so that restarts sweep; long enough for heartbeats on a slow machine. */
const STALE_MS = 10_000

interface KillOptions {
  kills: number
  /** Largest number of requests that a process answers before it is killed. */
  life: number
  progress?: (kill: number, answers: number) => void
}

interface KillReport {
  kills: number
  /** The database and the store that were used. */
  ground: string
  answers: number
  /** Requests without an answer. */
  broken: number
  /** Number of acknowledged assets that were verified at the end. */
  assets: number
  /** Errors found; should be empty. */
  faults: string[]
}

/**
 * Kills the service repeatedly while clients use it. Then sweeps, and compares store and documents with the
 * acknowledged requests.
 */
export async function runKills({ kills, life, progress }: KillOptions): Promise<KillReport> {
  const ground = await makeGround()
  const settings = { LOG_LEVEL: 'fatal', REGISTRATIONS_PER_HOUR: '0', STALE_MS: String(STALE_MS) }
  // All processes use one port, so that clients reach the next process.
  const standby = new Standby({ ...settings, ...ground.env, PORT: String(await freePort()) })
  let service = await standby.start()
  let over = false
  const clients = Array.from({ length: CLIENTS }, () => new KillClient(service.origin, () => over))
  const sum = (what: (client: KillClient) => number) => clients.reduce((all, one) => all + what(one), 0)
  const answers = () => sum((client) => client.answers)
  const working = Promise.all(clients.map((client) => client.run()))
  working.catch(() => {
    over = true
  })
  try {
    for (let kill = 1; kill <= kills && !over; kill++) {
      const enough = answers() + Math.random() * life
      const late = Date.now() + LONGEST_LIFE_MS
      while (answers() < enough && Date.now() < late && !over) await delay(5)
      await delay(Math.random() * 100)
      service.signal('SIGKILL')
      await service.ended
      progress?.(kill, answers())
      service = await standby.start()
    }
    over = true
    await working
    service.signal('SIGKILL')
    await service.ended
    return {
      kills,
      ground: ground.description,
      answers: answers(),
      broken: sum(({ broken }) => broken),
      assets: sum(({ promised }) => promised.size),
      faults: await ground.end((context) => verify(context, clients)),
    }
  } finally {
    over = true
    await standby.close()
    await ground.remove()
  }
}
