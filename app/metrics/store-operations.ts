import { Counter, Histogram } from 'prom-client'
import { AppError } from '../errors.ts'
import type { ObjectStore, PutOptions } from '../storage/object-store.ts'

/** Upper bounds of the duration buckets, in seconds. */
const SECONDS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]

type Operation = Exclude<keyof ObjectStore, 'kind' | 'description' | 'close' | 'freeBytes'>

export const storeDuration = new Histogram({
  name: 'kura_store_operation_duration_seconds',
  help: 'Seconds of an operation of the store; of open until the first bytes, of put with the time of the client',
  labelNames: ['operation'] as const,
  buckets: SECONDS,
  registers: [],
})

/** The code is `unavailable`, `server_full` or `other`. */
export const storeErrors = new Counter({
  name: 'kura_store_errors_total',
  help: 'Operations of the store that failed because of the store',
  labelNames: ['operation', 'code'] as const,
  registers: [],
})
for (const operation of ['open', 'put', 'remove', 'check'])
  storeErrors.inc({ operation, code: 'unavailable' }, 0)

/** Returns a store that measures its operations. */
export function measureStore(store: ObjectStore): ObjectStore {
  return {
    ...store,
    check: (signal) => measure('check', () => store.check(signal), signal),
    put: (key, body, options = {}) => {
      const { isOwnError, ...guarded } = noteErrors(options)
      return measure(
        'put',
        () => store.put(key, body, { ...options, ...guarded }),
        options.signal,
        isOwnError,
      )
    },
    async open(key, range, signal) {
      const stream = await measure('open', () => store.open(key, range, signal), signal)
      return stream.on('error', (error) => countError('open', error, signal))
    },
    remove: (keys) => measure('remove', () => store.remove(keys)),
    list: (prefix) => measureList('list', store.list(prefix)),
    listUnfinished: (prefix) => measureList('listUnfinished', store.listUnfinished(prefix)),
    abortUnfinished: (prefix, before) =>
      measure('abortUnfinished', () => store.abortUnfinished(prefix, before)),
    protect: (keys, lock) => measure('protect', () => store.protect(keys, lock)),
    readMark: (signal) => measure('readMark', () => store.readMark(signal), signal),
    writeMark: (content, how) => measure('writeMark', () => store.writeMark(content, how)),
  }
}

/** @param isOwnError returns whether an error is not one of the store */
async function measure<T>(
  operation: Operation,
  work: () => Promise<T>,
  signal?: AbortSignal,
  isOwnError: (error: unknown) => boolean = () => false,
): Promise<T> {
  const end = storeDuration.startTimer({ operation })
  try {
    return await work()
  } catch (error) {
    if (!isOwnError(error)) countError(operation, error, signal)
    throw error
  } finally {
    end()
  }
}

/** Measures the time that a list waits for the store. */
async function* measureList<T>(operation: Operation, items: AsyncIterable<T>): AsyncGenerator<T> {
  let seconds = 0
  const iterator = items[Symbol.asyncIterator]()
  try {
    for (;;) {
      const begun = performance.now()
      const next = await iterator.next()
      seconds += (performance.now() - begun) / 1000
      if (next.done) return
      yield next.value
    }
  } catch (error) {
    countError(operation, error)
    throw error
  } finally {
    storeDuration.observe({ operation }, seconds)
    await iterator.return?.()
  }
}

/** Returns the option `onChunk` with a function that recognizes its errors: they are not errors of the store. */
function noteErrors({ onChunk }: PutOptions) {
  const own = new Set<unknown>()
  const isOwnError = (error: unknown) => own.has(error)
  if (!onChunk) return { isOwnError }
  const note = (error: unknown): never => {
    own.add(error)
    throw error
  }
  return { isOwnError, onChunk: (chunk: Buffer) => onChunk(chunk).catch(note) }
}

/** Counts an error that the store caused: not a missing object, an abort or an error of the client. */
function countError(operation: Operation, error: unknown, signal?: AbortSignal): void {
  if (signal?.aborted || !(error instanceof AppError) || error.status < 500 || error.cause === undefined)
    return
  const code = error.code === 'unavailable' || error.code === 'server_full' ? error.code : 'other'
  storeErrors.inc({ operation, code })
}
