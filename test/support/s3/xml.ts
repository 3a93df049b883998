import type { FakeObject, FakeUpload, FakeVersion } from './state.ts'

const tag = (name: string, ...content: (string | number | boolean)[]) =>
  `<${name}>${content.join('')}</${name}>`

export const errorXml = (code: string, message: string) =>
  tag('Error', tag('Code', code), tag('Message', message))

export const listXml = (objects: FakeObject[], next: string | undefined) =>
  tag(
    'ListBucketResult',
    tag('IsTruncated', next !== undefined),
    next === undefined ? '' : tag('NextContinuationToken', next),
    ...objects.map(({ key, bytes, modifiedAt, etag }) =>
      tag(
        'Contents',
        tag('Key', key),
        tag('Size', bytes.length),
        tag('LastModified', modifiedAt.toISOString()),
        tag('ETag', etag),
      ),
    ),
  )

export const uploadsXml = (uploads: FakeUpload[], last: FakeUpload | undefined) =>
  tag(
    'ListMultipartUploadsResult',
    tag('IsTruncated', last !== undefined),
    last ? tag('NextKeyMarker', last.key) + tag('NextUploadIdMarker', last.id) : '',
    ...uploads.map(({ key, id, begunAt }) =>
      tag('Upload', tag('Key', key), tag('UploadId', id), tag('Initiated', begunAt.toISOString())),
    ),
  )

export const partsXml = ({ key, id, parts }: FakeUpload) =>
  tag(
    'ListPartsResult',
    tag('Key', key),
    tag('UploadId', id),
    tag('IsTruncated', false),
    ...[...parts].map(([number, { bytes, etag }]) =>
      tag('Part', tag('PartNumber', number), tag('Size', bytes.length), tag('ETag', etag)),
    ),
  )

export const createdXml = ({ key, id }: FakeUpload) =>
  tag('InitiateMultipartUploadResult', tag('Key', key), tag('UploadId', id))

export const completedXml = ({ key, etag }: FakeObject) =>
  tag('CompleteMultipartUploadResult', tag('Key', key), tag('ETag', etag))

export const versioningXml = (versioned: boolean) =>
  tag('VersioningConfiguration', versioned ? tag('Status', 'Enabled') : '')

export const versionsXml = (versions: FakeVersion[]) =>
  tag(
    'ListVersionsResult',
    tag('IsTruncated', false),
    ...versions.map(({ key, id, isMarker }) =>
      tag(isMarker ? 'DeleteMarker' : 'Version', tag('Key', key), tag('VersionId', id)),
    ),
  )

export const deletedXml = (deleted: string[], refused: string[]) =>
  tag(
    'DeleteResult',
    ...deleted.map((key) => tag('Deleted', tag('Key', key))),
    ...refused.map((key) => tag('Error', tag('Key', key), tag('Code', 'AccessDenied'), tag('Message', 'no'))),
  )

/** Returns the text of all elements of one name, in order. */
export const texts = (xml: string, name: string) =>
  [...xml.matchAll(new RegExp(`<${name}>([^<]*)</${name}>`, 'g'))].map(([, text = '']) => text)
