import fc from 'fast-check'

/** A file with its expected stored name and content. */
export interface SentFile {
  name: string
  bytes: Buffer
}

/** A multipart body with its expected result. */
export interface GeneratedBody {
  contentType: string
  body: Buffer
  /** The expected files in order; null if the body must be refused. */
  files: SentFile[] | null
  /** Sizes of the chunks in which the body is sent. */
  pieces: number[]
}

interface Part {
  bytes: Buffer
  files: SentFile[] | null
}

const latin1 = (text: string) => Buffer.from(text, 'latin1')
const crlf = '\r\n'

const boundaries = fc.constantFrom(
  { boundary: 'b', written: 'b' },
  { boundary: '-', written: '-' },
  { boundary: '----WebKitFormBoundaryAbCd', written: '----WebKitFormBoundaryAbCd' },
  { boundary: 'x'.repeat(70), written: 'x'.repeat(70) },
  { boundary: 'y'.repeat(150), written: `"${'y'.repeat(150)}"` },
  { boundary: "a'()+_,-./:=?z", written: `"a'()+_,-./:=?z"` },
  { boundary: 'x y', written: '"x y"' },
)

const fields = fc.constantFrom('files', 'file', 'files[]', 'files[0]')

/** File name parameters in Latin-1 with the expected stored name, or null if the part has no file name. */
const fileNames = fc.constantFrom<[string, string | null]>(
  ['; filename="chair.obj"', 'chair.obj'],
  ['; filename=chair.obj', 'chair.obj'],
  ['; filename=oak chair.obj', 'oak chair.obj'],
  ['; filename="oak;chair.obj"', 'oak;chair.obj'],
  ['; filename="a\\"b\\".obj"', 'a"b".obj'],
  ['; filename="%22q%22 100%.obj"', '"q" 100%.obj'],
  ['; filename="caf\xe9.obj"', 'café.obj'],
  ['; filename="caf\xc3\xa9.obj"', 'café.obj'],
  ['; filename="folder/chair.obj"', 'chair.obj'],
  ['; filename=".."', 'file'],
  ['; filename="a.obj', 'file'],
  ['; filename=', 'file'],
  ["; filename*=UTF-8''100%.obj", 'file'],
  ["; filename*=UTF-8''%e2%82%ac%2522.obj", '€%22.obj'],
  ['; filename="e.obj"; filename*=UTF-8\'\'%e2%82%ac.obj', '€.obj'],
  ['; filename="e.obj"; filename*=none', 'e.obj'],
  ['; FileName="chair.obj" ', 'chair.obj'],
  ['; filename=""', null],
  ['\r\nContent-Type: model/obj', null],
  ['; filename="t.obj"\r\nContent-Type: text/plain; charset=nonsense', 't.obj'],
  ['; filename="t.obj"\r\nContent-Type: ;;', 't.obj'],
  ['; filename="t.obj"\r\nContent-Type: multipart/mixed; boundary=c', 't.obj'],
  ['; filename="t.obj"\r\nContent-Transfer-Encoding: binary', 't.obj'],
  ['; filename="t.obj"\r\ncontent-transfer-encoding: 8BIT\r\nX-Other: \xff', 't.obj'],
  [';\r\n filename="folded.obj"', 'folded.obj'],
)

const badHeaders = fc.constantFrom(
  '',
  'Content-Type: text/plain',
  'Content-Disposition: attachment; name="files"; filename="a.obj"',
  'Content-Disposition: form-data; filename="a.obj"',
  'Content-Disposition: form-data; name=""; filename="a.obj"',
  'Content-Disposition: form-data; name="files; filename="a.obj"',
  'Content-Disposition: form-data; name="files"; filename="a.obj"; filename="b.obj"',
  'Content-Disposition: form-data; name="files"; filename="a.obj"; nonsense',
  'Content-Disposition: form-data; name="files"; filename="a\nb.obj"',
  'Content-Disposition: form-data; name="files"; filename="a\0b.obj"',
  'Content-Disposition form-data; name="files"; filename="a.obj"',
  'Content-Disposition : form-data; name="files"; filename="a.obj"',
  ': form-data; name="files"; filename="a.obj"',
  'Content-Disposition: form-data; name="other"; filename="a.obj"',
  'Content-Disposition: form-data; name="files"\r\nContent-Type: multipart/mixed; boundary=c',
  'Content-Disposition: form-data; name="description"\r\nContent-Type: text/plain; charset=nonsense',
  'Content-Disposition: form-data; name="description"\r\nContent-Type: text/plain; charset=koi8-r',
  `Content-Disposition: form-data; name="files"; filename="a.obj"\r\nX: ${'x'.repeat(9000)}`,
  ...['Content-Transfer-Encoding: base64', 'Content-Range: bytes 0-1/9', 'Content-Encoding: gzip']
    .concat('Content-Disposition: form-data; name="files"; filename="b.obj"', ' : x\r\nno colon')
    .map((line) => `Content-Disposition: form-data; name="files"; filename="a.obj"\r\n${line}`),
)

/** File content that resembles a boundary. */
const contents = (boundary: string) =>
  fc
    .array(
      fc.oneof(
        fc.constantFrom(
          crlf,
          '\r',
          '\n',
          '-',
          '--',
          `\n--${boundary}`,
          `${crlf}--`,
          `${crlf}--${boundary.slice(0, -1)}`,
        ),
        fc.constantFrom(`--${boundary}`, 'v 0 0 0\n', '\xff\x00', 'z'.repeat(5000)),
      ),
      { maxLength: 8 },
    )
    .map((texts) => latin1(texts.join('')))
    .filter((bytes) => !`${crlf}${bytes.toString('latin1')}`.includes(`${crlf}--${boundary}`))

function parts(boundary: string): fc.Arbitrary<Part> {
  const file = fc.record({ field: fields, fileName: fileNames, content: contents(boundary) }).map(
    ({ field, fileName: [parameter, name], content }): Part => ({
      bytes: join(`Content-Disposition: form-data; name="${field}"${parameter}`, content),
      files: name === null && content.length === 0 ? [] : [{ name: name ?? 'file', bytes: content }],
    }),
  )
  const bad = fc
    .record({ header: badHeaders, content: contents(boundary) })
    .map(({ header, content }): Part => ({ bytes: join(header, content), files: null }))
  const brokenBoundary = fc.constantFrom('x', '-x', '\n', ' x', '--x', '\r\r').map(
    (rest): Part => ({
      bytes: join(
        'Content-Disposition: form-data; name="files"; filename="a.obj"',
        latin1(`a${crlf}--${boundary}${rest}${crlf}b`),
      ),
      files: null,
    }),
  )
  return fc.oneof(
    { weight: 12, arbitrary: file },
    { weight: 1, arbitrary: bad },
    { weight: 1, arbitrary: brokenBoundary },
  )
}

const join = (header: string, content: Buffer) =>
  Buffer.concat([latin1(header === '' ? crlf : `${header}${crlf}${crlf}`), content])

type Ending = 'whole' | 'cut' | 'continued'

/** Bodies with up to six parts, most of them valid. */
export const bodies: fc.Arbitrary<GeneratedBody> = boundaries.chain(({ boundary, written }) =>
  fc
    .record({
      list: fc.array(parts(boundary), { maxLength: 6 }),
      preamble: fc.constantFrom('', '', '', crlf, `a preamble${crlf}`),
      padding: fc.constantFrom('', '', '', ' ', '\t \t'),
      epilogue: fc.constantFrom('', crlf, ` ${crlf}`, `${crlf}an epilogue\n`),
      ending: fc.oneof(
        { weight: 10, arbitrary: fc.constant<Ending>('whole') },
        { weight: 1, arbitrary: fc.constantFrom<Ending>('cut', 'continued') },
      ),
      cut: fc.double({ min: 0, max: 1, noNaN: true }),
      pieces: fc.array(fc.integer({ min: 1, max: 3000 }), { minLength: 1, maxLength: 30 }),
    })
    .map(({ list, preamble, padding, epilogue, ending, cut, pieces }): GeneratedBody => {
      const open = latin1(`--${boundary}${padding}${crlf}`)
      const chunks = list.flatMap(({ bytes }) => [open, bytes, latin1(crlf)])
      const whole = Buffer.concat([latin1(preamble), ...chunks, latin1(`--${boundary}--`)])
      const good = list.every(({ files }) => files !== null)
      const files = list.flatMap((part) => part.files ?? [])
      const contentType = `multipart/form-data; boundary=${written}`
      const rest = ending === 'continued' ? Buffer.concat([latin1(crlf), open, ...chunks]) : latin1(epilogue)
      const body =
        ending === 'cut' ? whole.subarray(0, Math.floor(cut * whole.length)) : Buffer.concat([whole, rest])
      return { contentType, body, pieces, files: good && ending === 'whole' ? files : null }
    }),
)
