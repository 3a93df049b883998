import mongoose from 'mongoose'
import { RateLimiterMongo, RateLimiterRes } from 'rate-limiter-flexible'
import { Attempt } from '../../models/attempt.ts'
import { tooManyRequests } from '../errors.ts'

interface Limit {
  points: number
  /** Seconds. */
  duration: number
}

/** Counts in the database, for all processes together. */
export interface Limiter {
  /** @throws too_many_requests, and counts nothing, when the key has no points left */
  take(key: string): Promise<void>
  /** Undoes a `take`. */
  giveBack(key: string): Promise<void>
}

/** @param name sets the limiter's keys apart from those of others */
export function createLimiter(name: string, { points, duration }: Limit): Limiter {
  const limiter = new RateLimiterMongo({
    storeClient: mongoose.connection,
    tableName: Attempt.collection.collectionName,
    disableIndexesCreation: true,
    keyPrefix: name,
    points,
    duration,
  })
  return {
    async take(key) {
      try {
        await limiter.consume(key)
      } catch (refusal) {
        if (!(refusal instanceof RateLimiterRes)) throw refusal
        await Attempt.giveBack(`${name}:${key}`)
        throw tooManyRequests(refusal.msBeforeNext / 1000)
      }
    },
    giveBack: (key) => Attempt.giveBack(`${name}:${key}`),
  }
}
