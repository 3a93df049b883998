import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect } from 'chai'
import { Asset } from '../../models/asset.ts'
import { Session } from '../../models/session.ts'
import { User } from '../../models/user.ts'
import { startApp, type TestApp } from '../support/app/app.ts'
import { keysOf } from '../support/app/state.ts'
import { obj, png } from '../support/data/samples.ts'
import { requireProgram } from '../support/programs.ts'

const run = promisify(execFile)

const JSON_TYPE = '--header "Content-Type: application/json"'
const TOKEN = '--header "Authorization: Token token=$TOKEN"'

interface Call {
  /** The script, with the variables of the calls before it. */
  script: string
  /** The status and what the answer contains. */
  expected: [status: number, text: RegExp]
  /** Variables for the calls after it, and where they are in the answer. */
  sets?: Record<string, RegExp>
}

const call = (script: string, status: number, text = /^$/, sets: Call['sets'] = {}): Call => ({
  script,
  expected: [status, text],
  sets,
})
const ID = /"_id":"(\w{24})"/
const credentials = (more: string) => `'{"credentials": {"email": "kumo@example.org", ${more}}}'`
const passwords = (confirmation: string) =>
  credentials(`"password": "an old book", "password_confirmation": "${confirmation}"`)

/** The scripts of such a project, in the order in which somebody tries them, with the mistakes that people make. */
const CALLS: Call[] = [
  call(
    `curl "$API/sign-up" --include --request POST ${JSON_TYPE} --data ${passwords('an old book')}`,
    201,
    /^\{"user":\{"_id":"\w{24}","email":"kumo@example.org","createdAt":"[^"]+","updatedAt":"[^"]+"\}\}$/,
  ),
  call(
    `curl "$API/sign-up" --include --request POST ${JSON_TYPE} --data ${passwords('an old book')}`,
    422,
    /^\{"name":"taken","message":".*email is taken\."\}$/,
  ),
  call(
    `curl "$API/sign-up" --include --request POST ${JSON_TYPE} --data ${passwords('a new book')}`,
    422,
    /"name":"validation_failed"/,
  ),
  call(
    `curl "$API/sign-in" --include --request POST ${JSON_TYPE} --data ${credentials('"password": "wrong"')}`,
    422,
    /"name":"bad_credentials"/,
  ),
  call(
    `curl "$API/sign-in" --include --request POST ${JSON_TYPE} --data '{"credentials": {"email": '`,
    422,
    /"name":"malformed_json"/,
  ),
  call(
    `curl "$API/sign-in" --include --request POST --data "credentials[email]=kumo@example.org" --data "credentials[password]=an old book"`,
    201,
    /^\{"user":\{.*"token":"[^"]+"/,
    { TOKEN: /"token":"([^"]+)"/ },
  ),
  call(`curl "$API/collections" --include --request GET`, 401, /"name":"unauthenticated"/),
  call(`curl "$API/collections" --include --request GET ${TOKEN}`, 200, /^\{"collections":\[\]\}$/),
  call(
    `curl "$API/collections" --include --request POST ${TOKEN} --form "image[file]=@chair.obj" --form "image[title]=Oak chair" --form "image[tag]=wood" --form "image[user]=nobody"`,
    201,
    /^\{"collection":\{"_id":"\w{24}","title":"Oak chair","url":"http:[^"]+","key":"chair.obj","tag":"wood",/,
    { ID, URL: /"url":"([^"]+)"/ },
  ),
  call(
    `curl "$API/uploads" --include --request POST ${TOKEN} --form "upload[file]=@room.png" --form "upload[title]="`,
    201,
    /^\{"upload":\{.*"title":"room.png"/,
    { OTHER: ID },
  ),
  call(
    `curl "$API/collections" --include --request POST ${TOKEN} --form "image[title]=Nothing"`,
    422,
    /must contain a file/,
  ),
  call(
    `curl "$API/collections" --include --request POST ${TOKEN} ${JSON_TYPE} --data '{"image": {"title": "x"}}'`,
    415,
    /"name":"unsupported_media"/,
  ),
  call(
    `curl "$API/uploads" --include --request GET ${TOKEN}`,
    200,
    /^\{"uploads":\[\{.*"title":"room.png".*\},\{.*"title":"Oak chair".*\}\]\}$/,
  ),
  call(`curl "$API/collections/$ID" --include --request GET ${TOKEN}`, 200, /"title":"Oak chair"/),
  call(`curl "$API/collections/1" --include --request GET ${TOKEN}`, 404, /"name":"not_found"/),
  call(
    `curl "$API/collections/$ID" --include --request PATCH ${TOKEN} ${JSON_TYPE} --data '{"collection": {"title": "Stool", "tag": "", "url": "http://example.org"}}'`,
    204,
  ),
  call(
    `curl "$API/uploads/$OTHER" --include --request PATCH ${TOKEN} --data-urlencode "upload[title]=Café & bar" --data "upload[tag]=Blue,Red"`,
    204,
  ),
  call(
    `curl "$API/collections/$ID" --include --request PUT ${TOKEN} --data "title=x"`,
    405,
    /method_not_allowed/,
  ),
  call(`curl "$URL" --include`, 200, new RegExp(`^${obj().toString().trim()}$`)),
  call(
    `curl "$API/change-password" --include --request PATCH ${TOKEN} ${JSON_TYPE} --data '{"passwords": {"old": "wrong", "new": "a new book"}}'`,
    422,
    /"name":"bad_credentials"/,
  ),
  call(
    `curl "$API/change-password" --include --request PATCH ${TOKEN} ${JSON_TYPE} --data '{"passwords": {"old": "an old book", "new": "a new book"}}'`,
    204,
  ),
  call(`curl "$API/uploads/$OTHER" --include --request DELETE ${TOKEN}`, 204),
  call(`curl "$API/uploads/$OTHER" --include --request DELETE ${TOKEN}`, 404, /"name":"not_found"/),
  call(`curl "$API/sign-out" --include --request DELETE ${TOKEN}`, 204),
  call(`curl "$API/collections" --include --request GET ${TOKEN}`, 401, /"name":"unauthenticated"/),
]

/** The scripts of the Kumo service, run by a shell. */
describe('curl scripts of the Kumo service', function () {
  this.timeout(60_000)
  let app: TestApp
  let folder: string

  before(async function () {
    requireProgram(this, 'curl')
    folder = await mkdtemp(join(tmpdir(), 'kura-kumo-'))
    await writeFile(join(folder, 'chair.obj'), obj())
    await writeFile(join(folder, 'room.png'), await png())
    app = await startApp()
  })
  after(async () => {
    await app?.stop()
    if (folder) await rm(folder, { recursive: true, force: true })
  })

  it(`${CALLS.length} scripts – in order, errors too → each the status and the fields that it reads`, async () => {
    const variables: Record<string, string> = { API: app.origin }
    const shell = async (script: string) => {
      const env = { PATH: process.env.PATH, ...variables }
      return (await run('sh', ['-eu', '-c', script], { cwd: folder, env, timeout: 20_000 })).stdout
    }
    for (const { script, expected, sets = {} } of CALLS) {
      const stdout = await shell(`${script} --silent`)
      const [head = '', ...rest] = stdout.replace(/^HTTP\/1.1 100 .*\r\n\r\n/, '').split('\r\n\r\n')
      const body = rest.join('\r\n\r\n').trim()
      expect(Number(/^HTTP\/1.1 (\d+)/.exec(head)?.[1]), `${script}\n${stdout}`).to.equal(expected[0])
      expect(body, script).to.match(expected[1])
      for (const [name, place] of Object.entries(sets)) variables[name] = place.exec(body)?.[1] ?? ''
    }
    const user = await User.findOne({ email: 'kumo@example.org' }).orFail().lean()
    expect(await Session.countDocuments({ user: user._id })).to.equal(0)
    const [asset, ...others] = await Asset.find().lean()
    expect(others).to.deep.equal([])
    expect(asset).to.deep.include({ name: 'Stool', tags: ['wood'], owner: user._id, downloads: 1 })
    expect(await keysOf(app)).to.deep.equal(asset?.files.map(({ key }) => key))
  })
})
