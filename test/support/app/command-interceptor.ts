import mongoose from 'mongoose'
import { storeWaitingTerms } from '../../../models/term-writer.ts'

/** A command that the service sends to the database: its collection and method, such as `assets.findOneAndUpdate`. */
export type Command = string

const METHODS = [
  'findOne',
  'findOneAndUpdate',
  'insertOne',
  'updateOne',
  'updateMany',
  'deleteOne',
  'deleteMany',
  'bulkWrite',
] as const

/**
 * Tells whether a command depends on the time, so that it has no fixed place: it stores the words of earlier changes, or
 * records an access, which a session does once a minute.
 */
function isTimed(command: Command, [filter, update]: unknown[]): boolean {
  if (command === 'terms.bulkWrite' || (command === 'assets.updateMany' && 'termsDue' in Object(filter)))
    return true
  const { $max, ...others } = Object(update)
  return 'lastAccessAt' in Object($max) && Object.keys(others).length === 0
}

/** A command by its number, or the first one with a name after another one. */
type Place = number | { command: Command; after: Command }

const isAt = (place: Place, commands: Command[]) =>
  typeof place === 'number'
    ? commands.length - 1 === place
    : commands.at(-1) === place.command && commands.includes(place.after)

type Method = (...args: unknown[]) => Promise<unknown>

/**
 * Records the database commands of this process, and can run a function before one of them. Tests use it to change data
 * between a check and the write that relies on the check.
 */
export class CommandInterceptor {
  #commands: Command[] | null = null
  #held: { place: Place; run: () => Promise<void> } | null = null
  readonly #restore: (() => void)[] = []

  constructor() {
    const { Collection, FindCursor } = mongoose.mongo
    for (const method of METHODS)
      this.#wrap(Collection.prototype, method, (one) => `${one.collectionName}.${method}`)
    this.#wrap(FindCursor.prototype, 'toArray', (one) => `${one.namespace.collection}.find`)
  }

  /** Returns the commands that are sent while `work` runs. */
  async record(work: () => Promise<unknown>): Promise<Command[]> {
    await storeWaitingTerms()
    const commands: Command[] = []
    this.#commands = commands
    await work().finally(() => this.#end())
    return commands
  }

  /**
   * Runs `work`, and runs `first` before one of its commands; after `work` if it sent fewer, since their number depends on
   * the time.
   *
   * @throws the error of `first`, which can cause that of `work`
   */
  async before<T>(place: Place, first: () => Promise<void>, work: () => Promise<T>): Promise<T> {
    let done: Promise<void> | undefined
    const run = () => {
      done = first()
      return done
    }
    await storeWaitingTerms()
    this.#commands = []
    this.#held = { place, run }
    const [result] = await Promise.allSettled([work()])
    this.#end()
    if (typeof place === 'number' && place >= 0 && !done) await run()
    await done
    if (result.status === 'rejected') throw result.reason
    if (!done) throw new Error(`work sent no command ${JSON.stringify(place)}`)
    return result.value
  }

  close(): void {
    for (const restore of this.#restore) restore()
  }

  #end(): void {
    this.#commands = null
    this.#held = null
  }

  async #pass(command: Command): Promise<void> {
    const commands = this.#commands
    if (!commands) return
    commands.push(command)
    const held = this.#held
    if (!held || !isAt(held.place, commands)) return
    this.#commands = null
    await held.run()
  }

  #wrap<T extends object>(target: T, method: string, nameOf: (one: T) => Command): void {
    const methods = target as unknown as Record<string, Method>
    const original = methods[method]
    if (!original) throw new Error(`the driver has no ${method}`)
    const pass = this.#pass.bind(this)
    methods[method] = async function (this: T, ...args: unknown[]) {
      const command = nameOf(this)
      if (!isTimed(command, args)) await pass(command)
      return original.apply(this, args)
    }
    this.#restore.push(() => {
      methods[method] = original
    })
  }
}
