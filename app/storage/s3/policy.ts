/** What the policy of a key depends on. */
interface PolicyScope {
  bucket: string
  /** Beginning of every key in the bucket: empty, or segments that end with `/`. */
  prefix: string
  /** Whether the bucket can have Object Lock. */
  objectLock: boolean
}

/** Rights that only the self-test uses: it says whether the bucket keeps deleted objects, and removes its own versions. */
const CHECKS = ['s3:GetBucketVersioning', 's3:GetBucketObjectLockConfiguration']
const OBJECTS = ['s3:GetObject', 's3:PutObject', 's3:DeleteObject', 's3:AbortMultipartUpload']
const LOCKS = ['s3:PutObjectRetention', 's3:PutObjectLegalHold', 's3:BypassGovernanceRetention']

/**
 * Returns the policy that the key of the service needs, and no more.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
 */
export function policyFor({ bucket, prefix, objectLock }: PolicyScope, selfTestPrefix: string) {
  const arn = `arn:aws:s3:::${bucket}`
  const limited = prefix === '' ? {} : { Condition: { StringLike: { 's3:prefix': `${prefix}*` } } }
  const allow = (Action: string[], Resource: string) => ({ Effect: 'Allow', Action, Resource })
  return {
    Version: '2012-10-17',
    Statement: [
      { ...allow(['s3:ListBucket'], arn), ...limited },
      allow(['s3:ListBucketMultipartUploads', ...CHECKS], arn),
      allow([...OBJECTS, ...(objectLock ? LOCKS : [])], `${arn}/${prefix}*`),
      // the self-test removes the versions of its own objects
      {
        ...allow(['s3:ListBucketVersions'], arn),
        Condition: { StringLike: { 's3:prefix': `${prefix}${selfTestPrefix}*` } },
      },
      allow(['s3:DeleteObjectVersion'], `${arn}/${prefix}${selfTestPrefix}*`),
    ],
  }
}
