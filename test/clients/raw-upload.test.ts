import { createHash } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { startApp, type TestApp } from '../support/app/app.ts'
import { signUp } from '../support/app/users.ts'
import { outputOf, PYTHON, requireProgram, requirePython } from '../support/programs.ts'

const CONTENT = Buffer.alloc(3_000_000, 'Kura')
const NAME = 'Stühl #1 (50%).bin'

/** Reads `URL`, `TOKEN`, `FILE` and sends the file as a stream with each library. */
const PYTHON_UPLOADS = `
import os, sys, requests, httpx
url, token, file = (os.environ[name] for name in ('URL', 'TOKEN', 'FILE'))
headers = {'Authorization': 'Bearer ' + token}
with open(file, 'rb') as body:
    print(requests.put(url + 'requests.bin', data=body, headers=headers).json()['res']['asset']['files'][0]['sha256'])
def chunks():
    with open(file, 'rb') as body:
        while chunk := body.read(65536):
            yield chunk
print(httpx.put(url + 'httpx.bin', content=chunks(), headers=headers).json()['res']['asset']['files'][0]['sha256'])
`

describe('raw uploads by clients', function () {
  this.timeout(60_000)
  let app: TestApp
  let folder: string
  let token: string
  let file: string
  const sha256 = createHash('sha256').update(CONTENT).digest('hex')

  before(async function () {
    requireProgram(this, 'curl')
    app = await startApp()
    token = (await signUp(app, 'ada')).token
    folder = await mkdtemp(join(tmpdir(), 'kura-raw-'))
    file = join(folder, NAME)
    await writeFile(file, CONTENT)
  })
  after(async () => {
    await app?.stop()
    if (folder) await rm(folder, { recursive: true, force: true })
  })

  async function curl(args: string[], input = '') {
    const how = ['-sS', '-g', '-w', '\n%{http_code}', '-H', `Authorization: Bearer ${token}`, ...args]
    const [body = '', status] = (await outputOf('curl', how, { cwd: folder, input })).split(/\n(?=\d+$)/)
    return { status: Number(status), body: JSON.parse(body) }
  }

  it('curl – -T with a file, a pipe, an empty file → 201 with the name and the bytes', async () => {
    const url = `${app.origin}/api/files/`
    const UPLOADS: [args: string[], name: string, digest: string, input?: string][] = [
      [['-T', NAME, url], NAME, sha256],
      [['-T', NAME, '-H', 'Expect: 100-continue', `${url}`], NAME, sha256],
      [['-T', NAME, '-H', 'Transfer-Encoding: chunked', url], NAME, sha256],
      [
        ['-T', '-', `${url}pipe.txt`],
        'pipe.txt',
        createHash('sha256').update('piped').digest('hex'),
        'piped',
      ],
      [['-T', '/dev/null', `${url}empty.txt`], 'empty.txt', createHash('sha256').digest('hex')],
      [['-X', 'PUT', '--data-binary', `@${NAME}`, `${url}data.bin`], 'data.bin', sha256],
    ]
    for (const [args, name, digest, input] of UPLOADS) {
      const { status, body } = await curl(args, input)
      expect(status, JSON.stringify(body)).to.equal(201)
      expect(body.res.asset.files[0]).to.include({ name, sha256: digest })
    }
  })

  it('curl – -T without a name, -F with -X PUT → an answer that says what to do', async () => {
    const unnamed = await curl(['-T', '-', `${app.origin}/api/files/`], 'x')
    expect([unnamed.status, unnamed.body.err.code]).to.deep.equal([400, 'validation_failed'])
    expect(unnamed.body.err.details[0].message).to.include('PUT /api/files/chair.glb')
    const form = await curl(['-X', 'PUT', '-F', `files=@${file}`, `${app.origin}/api/files/a.bin`])
    expect([form.status, form.body.err.code]).to.deep.equal([415, 'unsupported_media'])
    expect(form.body.err.message).to.include('POST /api/assets')
  })

  it('Python – requests with a file, httpx with a generator → 201 with the bytes', async function () {
    requirePython(this, 'requests', 'httpx')
    const env = { URL: `${app.origin}/api/files/`, TOKEN: token, FILE: file }
    const printed = await outputOf(PYTHON, ['-c', PYTHON_UPLOADS], { env })
    expect(printed.trim().split('\n')).to.deep.equal([sha256, sha256])
  })
})
