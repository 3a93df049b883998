import { setTimeout as delay } from 'node:timers/promises'
import { within } from '../clock.ts'
import type { Context } from '../context.ts'
import type { Outcome, SelfTest } from '../storage/object-store.ts'

/** Milliseconds between two attempts while the store does not answer or cannot be written. */
const RETRY_MS = 10_000
/** Longest time of a self-test in milliseconds. */
const SELF_TEST_MS = 60_000

type StoreContext = Pick<Context, 'store' | 'log' | 'stopping'>

/**
 * Tries the store once, as soon as it answers, and logs what is missing. Never rejects: the service starts without a
 * store, and `/readyz` says that it is away. While the store cannot be written, tries again and logs every other reason.
 */
export async function tryStore({ store, log, stopping }: StoreContext, retryMs = RETRY_MS): Promise<void> {
  let logged = ''
  while (!stopping.aborted) {
    const messages = await tryOnce({ store, log })
    if (messages) {
      const failed = messages.failed.join('\n')
      if (failed && failed !== logged) log.error({ checks: messages.failed }, CANNOT_USE)
      logged = failed
      const others = [...messages.off, ...messages.note]
      if (!messages.cannotWrite) {
        if (others.length > 0) log.info({ checks: others }, 'the store was tried: it lacks features')
        return
      }
    }
    await delay(retryMs, undefined, { signal: stopping }).catch(() => undefined)
  }
}

const CANNOT_USE = 'the store was tried: it cannot be used like this; `npm run storage:doctor` tells more'

type Messages = Record<Exclude<Outcome, 'ok'>, string[]> & { cannotWrite: boolean }

/** Returns the messages of a self-test, or null if the store did not answer. */
async function tryOnce({ store, log }: Pick<StoreContext, 'store' | 'log'>): Promise<Messages | null> {
  let result: SelfTest | undefined
  const test = store.selfTest().then((found) => {
    result = found
  })
  try {
    if (!(await within(SELF_TEST_MS, test))) log.warn('the self-test of the store did not end in time')
  } catch (error) {
    log.debug({ err: error }, 'the store does not answer its self-test; trying again')
  }
  if (!result) return null
  const { checks } = result
  const textsOf = (outcome: Outcome) =>
    checks.filter((check) => check.outcome === outcome).map(({ name, message }) => `${name}: ${message}`)
  return {
    failed: textsOf('failed'),
    off: textsOf('off'),
    note: textsOf('note'),
    cannotWrite: checks[0]?.outcome === 'failed',
  }
}
