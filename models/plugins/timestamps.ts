import type { Query, Schema } from 'mongoose'

/** The times that Mongoose records in a document. */
export interface Timestamps {
  createdAt: Date
  updatedAt: Date
}

let now = (): Date => new Date()

/** Sets the clock of the timestamps in this process. Default: the system clock. */
export function setTimestampClock(clock: { now(): Date }): void {
  now = () => clock.now()
}

/**
 * The schema option of models with `createdAt` and `updatedAt`. In a new document, Mongoose keeps a given `createdAt` and
 * sets `updatedAt` to it. In an update, it replaces any given `updatedAt`. An update with `timestamps: false` changes
 * neither.
 */
export const timestamps = { currentTime: () => now() }

/** The schema option of models with `createdAt` only. */
export const creationTime = { ...timestamps, updatedAt: false } as const

/**
 * Adds the timestamps of a model whose documents have a `version` for clients: `updatedAt` changes exactly when an update
 * increments `version`. Other updates, for example of counters, covers and readers, do not change it.
 */
export function versionTimestamps(schema: Schema): void {
  // before the hooks of Mongoose, which read the option
  schema.pre(['updateOne', 'updateMany', 'findOneAndUpdate'], function (this: Query<unknown, unknown>) {
    const update = this.getUpdate()
    if (Array.isArray(update) || !update?.$inc?.version) this.setOptions({ timestamps: false })
  })
  schema.set('timestamps', timestamps)
}
