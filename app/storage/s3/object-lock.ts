import {
  GetObjectLockConfigurationCommand,
  PutObjectLegalHoldCommand,
  PutObjectRetentionCommand,
  type S3Client,
} from '@aws-sdk/client-s3'
import type { ObjectLock } from '../object-store.ts'
import { describeError } from './advice.ts'
import { isNotOffered, isRefusal, type ObjectAddress } from './client.ts'

/** Most objects whose lock is set at the same time. */
const MAX_LOCKED_AT_ONCE = 10

/** Sets locks of objects in the bucket, if it has Object Lock and the key is allowed to use it. */
export interface ObjectLocks {
  /** Sets the lock of objects, or lifts it with null. Does nothing without Object Lock. */
  set(keys: readonly string[], lock: ObjectLock | null): Promise<void>
  /** Lifts the lock of an object that has none, and returns why Object Lock is off. It stays off until the next start. */
  probe(key: string): Promise<{ outcome: 'off'; message: string } | undefined>
}

const UNLOCKED = 'The service keeps locked assets, but the bucket itself does not.'
/** The result of `probe` in an ordinary bucket. */
export const NO_OBJECT_LOCK = `The bucket has no Object Lock. ${UNLOCKED}`

/** Creates the locks of a bucket. Object Lock is set when a bucket is created, so the bucket is queried only once. */
export function createObjectLocks(client: S3Client, bucket: string): ObjectLocks {
  let found: Promise<ObjectLockState> | undefined
  const state = () => {
    found ??= findObjectLock(client, bucket).catch((error) => {
      found = undefined
      throw error
    })
    return found
  }
  const setOne = async (Key: string, lock: ObjectLock | null) => {
    const address = { Bucket: bucket, Key }
    await setRetention(client, address, lock)
    const Status = lock?.legalHold ? 'ON' : 'OFF'
    await client.send(new PutObjectLegalHoldCommand({ ...address, LegalHold: { Status } }))
  }
  return {
    async set(keys, lock) {
      if (!(await state()).isEnabled) return
      for (let first = 0; first < keys.length; first += MAX_LOCKED_AT_ONCE)
        await Promise.all(keys.slice(first, first + MAX_LOCKED_AT_ONCE).map((key) => setOne(key, lock)))
    },
    async probe(key) {
      const { isEnabled, hasDefault, refusal } = await state()
      if (refusal) return { outcome: 'off', message: `${describeError(refusal)} ${RIGHTS} ${UNLOCKED}` }
      if (!isEnabled) return { outcome: 'off', message: NO_OBJECT_LOCK }
      try {
        // a default compliance retention cannot be lifted by anybody
        if (!hasDefault) await setOne(key, null)
        return undefined
      } catch (error) {
        if (!isNotOffered(error)) throw error
        found = Promise.resolve({ isEnabled: false })
        return { outcome: 'off', message: `${describeError(error as Error)} ${RIGHTS} ${UNLOCKED}` }
      }
    },
  }
}

const RIGHTS =
  'Object Lock needs the rights s3:GetBucketObjectLockConfiguration, s3:PutObjectRetention, s3:PutObjectLegalHold and s3:BypassGovernanceRetention.'

/** Sets or removes the retention of an object. S3 itself refuses to remove a compliance retention. */
async function setRetention(client: S3Client, address: ObjectAddress, lock: ObjectLock | null) {
  if (lock && !lock.until) return
  const Retention =
    lock?.until && lock.mode
      ? {
          Mode: lock.mode === 'compliance' ? ('COMPLIANCE' as const) : ('GOVERNANCE' as const),
          RetainUntilDate: lock.until,
        }
      : {}
  await client.send(new PutObjectRetentionCommand({ ...address, Retention, BypassGovernanceRetention: true }))
}

interface ObjectLockState {
  isEnabled: boolean
  /** Whether the bucket locks every new object by itself. */
  hasDefault?: boolean
  /** The refusal, if the key is not allowed to ask. */
  refusal?: Error
}

async function findObjectLock(client: S3Client, bucket: string): Promise<ObjectLockState> {
  try {
    const { ObjectLockConfiguration: found } = await client.send(
      new GetObjectLockConfigurationCommand({ Bucket: bucket }),
    )
    return {
      isEnabled: found?.ObjectLockEnabled === 'Enabled',
      hasDefault: found?.Rule?.DefaultRetention !== undefined,
    }
  } catch (error) {
    if (isRefusal(error) && error.name === 'AccessDenied') return { isEnabled: false, refusal: error }
    if (isNotOffered(error)) return { isEnabled: false }
    const isMissing = isRefusal(error) && error.$metadata.httpStatusCode === 404
    if (isMissing && error.name !== 'NoSuchBucket') return { isEnabled: false }
    throw error
  }
}
