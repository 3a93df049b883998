import { END, file, part, type Sent } from './multipart-shapes.ts'

const NO_BOUNDARY = /has no boundary\. Let the HTTP client set this header/

type Refusal = [what: string, status: number, code: string, message: RegExp, sent: Sent]

/** What is refused, and the sentence that says why. */
export const REFUSED: Refusal[] = [
  [
    'a file in another field',
    400,
    'validation_failed',
    /"field":"chair","message":"is not a file field: use files or images"/,
    { body: file(undefined, 'chair') + END },
  ],
  [
    'a file in a field of text',
    400,
    'validation_failed',
    /"field":"name","message":"is not a file field: use files or images"/,
    { body: file(undefined, 'name') + END },
  ],
  [
    'only an empty file input',
    400,
    'validation_failed',
    /"field":"files","message":"must contain a file"/,
    { body: file('; filename=""\r\nContent-Type: application/octet-stream', 'files', '') + END },
  ],
  ['no parts', 400, 'validation_failed', /must contain a file/, { body: END }],
  ...['multipart/form-data', 'multipart/form-data; boundary=', 'multipart/form-data; charset=utf-8'].map(
    (type): Refusal => [
      `Content-Type: ${type}`,
      400,
      'malformed_upload',
      NO_BOUNDARY,
      { type, body: file() + END },
    ],
  ),
  ...['', 'x'.repeat(20_000)].map(
    (preamble): Refusal => [
      `a boundary that the body does not have, ${preamble.length} bytes before`,
      400,
      'malformed_upload',
      /does not contain the boundary of its Content-Type/,
      { type: 'multipart/form-data; boundary=other', body: preamble + file() + END },
    ],
  ),
  [
    'lines that end with LF',
    400,
    'malformed_upload',
    /must end with CR LF/,
    { body: (file() + END).replaceAll('\r\n', '\n') },
  ],
  [
    'a line that begins with the boundary',
    400,
    'malformed_upload',
    /begins with the boundary and continues/,
    { body: file().replace(/\r\n$/, '\r\n--bc\r\n') + END },
  ],
  ['no final boundary', 400, 'malformed_upload', /no final boundary/, { body: file() }],
  ['an empty body', 400, 'malformed_upload', /does not contain the boundary/, { body: '' }],
  [
    'a part without a field name',
    400,
    'malformed_upload',
    /no field name/,
    { body: part('Content-Disposition: form-data; filename="a.obj"') + END },
  ],
  [
    'a part without a disposition',
    400,
    'malformed_upload',
    /no Content-Disposition/,
    { body: part('Content-Type: model/obj') + END },
  ],
  ['a part without a header', 400, 'malformed_upload', /no header/, { body: `--b\r\n\r\nx\r\n${END}` }],
  [
    'a header that cannot be read',
    400,
    'malformed_upload',
    /cannot be read/,
    { body: file('; filename="a\0"') + END },
  ],
  ...['base64', 'quoted-printable', 'x-uuencode'].map(
    (encoding): Refusal => [
      `Content-Transfer-Encoding: ${encoding}`,
      400,
      'malformed_upload',
      /Send the bytes unencoded \(RFC 7578 §4\.7\)/,
      { body: file(`; filename="a.obj"\r\nContent-Transfer-Encoding: ${encoding}`) + END },
    ],
  ),
  [
    'a part inside of a part',
    400,
    'malformed_upload',
    /another multipart body/,
    {
      body:
        part('Content-Disposition: form-data; name="files"\r\nContent-Type: multipart/mixed; boundary=c') +
        END,
    },
  ],
  [
    'Content-Range',
    400,
    'validation_failed',
    /"field":"Content-Range"/,
    { body: file() + END, headers: { 'Content-Range': 'bytes 0-7/16' } },
  ],
  [
    'Content-Range of a part',
    400,
    'malformed_upload',
    /Content-Range\. Send whole files/,
    { body: file('; filename="a.obj"\r\nContent-Range: bytes 0-7/16') + END },
  ],
  [
    'Content-Encoding',
    415,
    'unsupported_media',
    /Content-Encoding/,
    { body: file() + END, headers: { 'Content-Encoding': 'gzip' } },
  ],
  [
    'Content-Encoding of a part',
    415,
    'unsupported_media',
    /Content-Encoding/,
    { body: file('; filename="a.obj"\r\nContent-Encoding: br') + END },
  ],
  ...['multipart/mixed; boundary=b', 'application/octet-stream', 'text/plain'].map(
    (type): Refusal => [
      `Content-Type: ${type}`,
      415,
      'unsupported_media',
      /multipart\/form-data/,
      { type, body: file() + END },
    ],
  ),
]
