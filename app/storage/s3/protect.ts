import {
  GetObjectLockConfigurationCommand,
  PutObjectLegalHoldCommand,
  PutObjectRetentionCommand,
  type S3Client,
} from '@aws-sdk/client-s3'
import type { ObjectLock } from '../object-store.ts'

/** Locks objects where the bucket has Object Lock; which it has from its creation on, so it is asked once. */
export function objectLocks(client: S3Client, bucket: string) {
  let enabled: Promise<boolean> | undefined
  return async (keys: readonly string[], lock: ObjectLock | null): Promise<void> => {
    enabled ??= hasObjectLock(client, bucket).catch((error) => {
      enabled = undefined
      throw error
    })
    if (!(await enabled)) return
    for (const key of keys) {
      await retain(client, { Bucket: bucket, Key: key }, lock)
      const Status = lock?.legalHold ? 'ON' : 'OFF'
      await client.send(new PutObjectLegalHoldCommand({ Bucket: bucket, Key: key, LegalHold: { Status } }))
    }
  }
}

/** A compliance retention cannot be lifted: S3 refuses that itself. */
async function retain(client: S3Client, object: { Bucket: string; Key: string }, lock: ObjectLock | null) {
  if (lock && !lock.until) return
  const Retention =
    lock?.until && lock.mode
      ? {
          Mode: lock.mode === 'compliance' ? ('COMPLIANCE' as const) : ('GOVERNANCE' as const),
          RetainUntilDate: lock.until,
        }
      : {}
  await client.send(new PutObjectRetentionCommand({ ...object, Retention, BypassGovernanceRetention: true }))
}

async function hasObjectLock(client: S3Client, bucket: string): Promise<boolean> {
  try {
    const { ObjectLockConfiguration } = await client.send(
      new GetObjectLockConfigurationCommand({ Bucket: bucket }),
    )
    return ObjectLockConfiguration?.ObjectLockEnabled === 'Enabled'
  } catch (error) {
    const { name, $metadata } = error as { name: string; $metadata?: { httpStatusCode?: number } }
    const never = name === 'ObjectLockConfigurationNotFoundError' || name === 'NotImplemented'
    if (never || $metadata?.httpStatusCode === 404 || $metadata?.httpStatusCode === 501) return false
    throw error
  }
}
