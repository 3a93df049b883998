/** The content of each file. */
export const CONTENT = 'v 0 0 0\n'
export const END = '--b--\r\n'

/** Returns a part of a body. Texts are in Latin-1: one character is one byte. */
export const part = (head: string, content = CONTENT) => `--b\r\n${head}\r\n\r\n${content}\r\n`
/** Returns a part with a file. `rest` follows the name of the field. */
export const file = (rest = '; filename="a.obj"', field = 'files', content = CONTENT) =>
  part(`Content-Disposition: form-data; name="${field}"${rest}`, content)
export const utf8 = (text: string) => Buffer.from(text).toString('latin1')

/** A request as it is sent. */
export interface Sent {
  body: string
  type?: string
  headers?: Record<string, string>
}

/** What clients send, and the names of the stored files. */
export const ACCEPTED: [client: string, names: string[], sent: Sent][] = [
  ['curl', ['chair.obj'], { body: file('; filename="chair.obj"\r\nContent-Type: model/obj') + END }],
  [
    'a browser, with an empty file input and a boundary of its own',
    ['café "1".obj'],
    {
      type: 'multipart/form-data; boundary=----WebKitFormBoundaryx1',
      body: (
        file(`; filename="${utf8('café')} %221%22.obj"\r\nContent-Type: application/octet-stream`) +
        file('; filename=""\r\nContent-Type: application/octet-stream', 'images', '') +
        file('; filename=""\r\nContent-Type: application/octet-stream', 'files', '') +
        END
      ).replaceAll('--b', '------WebKitFormBoundaryx1'),
    },
  ],
  ['requests, bytes without a name', ['files'], { body: file('; filename="files"') + END }],
  ['requests before urllib3 2', ['café.obj'], { body: file("; filename*=utf-8''caf%C3%A9.obj") + END }],
  [
    'aiohttp',
    ['chair.obj'],
    {
      body:
        part(
          'Content-Type: application/octet-stream\r\n' +
            'Content-Disposition: form-data; name="files"; filename="chair.obj"',
        ) + END,
    },
  ],
  [
    'form-data of npm (axios), a buffer without a name',
    ['file'],
    {
      type: 'multipart/form-data; boundary=--------------------------0123456789',
      body: (file('\r\nContent-Type: application/octet-stream') + END).replaceAll(
        '--b',
        '----------------------------0123456789',
      ),
    },
  ],
  [
    '.NET HttpClient',
    ['café.obj'],
    {
      type: 'multipart/form-data; boundary="b"',
      body:
        part(
          'Content-Type: application/octet-stream\r\nContent-Disposition: form-data; name=files; ' +
            `filename="=?utf-8?B?Y2Fmw6kub2Jq?="; filename*=utf-8''caf%C3%A9.obj`,
        ) + END,
    },
  ],
  [
    'Apache HttpClient (Java)',
    ['chair.obj'],
    {
      body:
        file(
          '; filename="chair.obj"\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: binary',
        ) + END,
    },
  ],
  [
    'Spring RestTemplate and OkHttp',
    ['chair.obj'],
    { body: file('; filename="chair.obj"\r\nContent-Type: model/obj\r\nContent-Length: 8') + END },
  ],
  ['Go', ['b"1".obj'], { body: file('; filename="a\\\\b\\"1\\".obj"') + END }],
  [
    'Dart',
    ['chair.obj'],
    {
      body:
        part(
          'content-type: application/octet-stream\r\n' +
            'content-disposition: form-data; name="files"; filename="chair.obj"',
        ) + END,
    },
  ],
  ['old browsers on Windows', ['chair.obj'], { body: file('; filename="C:\\Users\\ada\\chair.obj"') + END }],
  ['a text without a file name in a file field (curl -F "files=<a.obj")', ['file'], { body: file('') + END }],
  [
    'field names of PHP and Rails',
    ['1.obj', '2.obj', '3.obj', '4.obj'],
    {
      body:
        ['files', 'file', 'files[]', 'files[0]']
          .map((field, n) => file(`; filename="${n + 1}.obj"`, field))
          .join('') + END,
    },
  ],
  ['a preamble and an epilogue', ['a.obj'], { body: `a preamble\r\n${file()}--b--\r\nan epilogue\r\n` }],
  [
    'blanks after each boundary',
    ['a.obj', 'a.obj'],
    { body: `${(file() + file()).replaceAll('--b', '--b \t ')}--b-- \t\r\n` },
  ],
  ['no line end after the final boundary', ['a.obj'], { body: `${file()}--b--` }],
  ['a name in Latin-1', ['café.obj'], { body: file('; filename="caf\xe9.obj"') + END }],
  ['a name in Windows-1252', ['5€–.obj'], { body: file('; filename="5\x80\x96.obj"') + END }],
  [
    'names in Shift-JIS, whose second bytes can be a backslash',
    ['ˆÖŽq.obj', '.obj', 'file'],
    {
      body:
        file('; filename="\x88\xd6\x8eq.obj"') +
        file('; filename="\x95\x5c.obj"') +
        file('; filename="\x95\x5c"') +
        END,
    },
  ],
  [
    'filename* beside filename, in a known and an unknown form',
    ['€.obj', 'plain.obj', 'file'],
    {
      body:
        file(`; filename="plain.obj"; filename*=UTF-8''%e2%82%ac.obj`) +
        file(`; filename="plain.obj"; filename*=shift_jis''%95%5c.obj`) +
        file(`; filename*=UTF-8''%zz.obj`) +
        END,
    },
  ],
  [
    'escapes in a plain name: only quotes and line ends',
    ['a"b.obj', 'ab.obj', '100%25 %41.obj'],
    {
      body:
        file('; filename="a%22b.obj"') +
        file('; filename="a%0D%0Ab.obj"') +
        file('; filename="100%25 %41.obj"') +
        END,
    },
  ],
  ['a name without a closing quote', ['file'], { body: file('; filename="a.obj') + END }],
  [
    'encodings that change nothing',
    ['a.obj', 'b.obj'],
    {
      body:
        file('; filename="a.obj"\r\nContent-Transfer-Encoding: 7bit') +
        file('; filename="b.obj"\r\ncontent-transfer-encoding: 8BIT') +
        END,
      headers: { 'Content-Encoding': 'identity' },
    },
  ],
  ...[
    'multipart/form-data; charset=utf-8; boundary=b',
    'multipart/form-data; boundary=b;charset=UTF-8',
    'multipart/form-data;boundary=b ; charset=UTF-8',
    'Multipart/Form-Data; Boundary="b" ',
    'multipart/form-data ; boundary = b',
  ].map((type): [string, string[], Sent] => [
    `Content-Type: ${type}`,
    ['a.obj'],
    { type, body: file() + END },
  ]),
]
