import {
  GetObjectLockConfigurationCommand,
  PutObjectLegalHoldCommand,
  PutObjectRetentionCommand,
  type S3Client,
} from '@aws-sdk/client-s3'
import type { ObjectLock } from '../object-store.ts'
import { isNotOffered, isRefusal, type ObjectAddress } from './client.ts'

/** Most objects whose lock is set at the same time. */
const MAX_LOCKED_AT_ONCE = 10

/**
 * Returns a function that sets the lock of objects, or lifts it with null. It does nothing in a bucket without Object
 * Lock. Object Lock is set when a bucket is created, so the bucket is queried only once.
 */
export function createObjectLocks(client: S3Client, bucket: string) {
  let enabled: Promise<boolean> | undefined
  return async (keys: readonly string[], lock: ObjectLock | null): Promise<void> => {
    enabled ??= hasObjectLock(client, bucket).catch((error) => {
      enabled = undefined
      throw error
    })
    if (!(await enabled)) return
    const setOne = async (key: string) => {
      await setRetention(client, { Bucket: bucket, Key: key }, lock)
      const Status = lock?.legalHold ? 'ON' : 'OFF'
      await client.send(new PutObjectLegalHoldCommand({ Bucket: bucket, Key: key, LegalHold: { Status } }))
    }
    for (let first = 0; first < keys.length; first += MAX_LOCKED_AT_ONCE)
      await Promise.all(keys.slice(first, first + MAX_LOCKED_AT_ONCE).map(setOne))
  }
}

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

async function hasObjectLock(client: S3Client, bucket: string): Promise<boolean> {
  try {
    const { ObjectLockConfiguration } = await client.send(
      new GetObjectLockConfigurationCommand({ Bucket: bucket }),
    )
    return ObjectLockConfiguration?.ObjectLockEnabled === 'Enabled'
  } catch (error) {
    if (
      isNotOffered(error) ||
      (isRefusal(error) && error.$metadata.httpStatusCode === 404 && error.name !== 'NoSuchBucket')
    )
      return false
    throw error
  }
}
