import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { freePort } from '../support/app/http.ts'
import { killAll, runProcess, startProcess, waitForOutput } from '../support/app/process.ts'
import { eventually } from '../support/eventually.ts'
import { type FakeS3, startFakeS3 } from '../support/s3/fake-s3.ts'
import { storeKind } from '../support/s3/store-kinds.ts'

const COMMAND = 'commands/storage-doctor.ts'
const SECRET = 'a-secret-key-that-nobody-must-see'

describe('npm run storage:doctor', function () {
  this.timeout(60_000)
  let folder: string
  let s3: FakeS3

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kura-doctor-'))
    s3 = await startFakeS3()
  })
  afterEach(async () => {
    await killAll()
    await s3.close()
    await rm(folder, { recursive: true, force: true })
  })

  const bucket = (env: Record<string, string> = {}) => ({
    DATA_DIR: folder,
    S3_ENDPOINT: s3.endpoint,
    S3_BUCKET: s3.name,
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: SECRET,
    ...env,
  })

  async function run(env: Record<string, string>): Promise<{ code: unknown; text: string }> {
    const { ended, output } = runProcess(env, COMMAND)
    const code = await ended
    expect(output()).to.not.contain(SECRET)
    return { code, text: output() }
  }

  it('storage:doctor – usable bucket under a prefix → exit 0 with the policy of the key', async () => {
    storeKind('MinIO of 2024').apply(s3)
    const { code, text } = await run(bucket({ S3_PREFIX: 'team/kura' }))
    expect(code).to.equal(0)
    expect(text)
      .to.match(/^off +delete several: MissingContentMD5/m)
      .and.to.match(/^ok +large upload$/m)
    const policy = JSON.parse(text.slice(text.indexOf('{')))
    const resources = policy.Statement.map(({ Resource }: { Resource: string }) => Resource)
    expect(resources).to.include.members([
      `arn:aws:s3:::${s3.name}`,
      `arn:aws:s3:::${s3.name}/team/kura/*`,
      `arn:aws:s3:::${s3.name}/team/kura/self-test/*`,
    ])
    expect([...s3.objects.keys(), ...s3.uploads.keys()]).to.deep.equal([])
  })

  it('storage:doctor – bucket that refuses checksums, bucket that is away → exit 1 with the reason', async () => {
    storeKind('Backblaze B2').apply(s3)
    const [refused, away] = await Promise.all([
      run(bucket()),
      run(bucket({ S3_ENDPOINT: `http://127.0.0.1:${await freePort()}` })),
    ])
    expect(refused.code).to.equal(1)
    expect(refused.text).to.match(/^failed +write: .*S3_CHECKSUMS=when_required/m)
    expect(away.code).to.equal(1)
    expect(away.text).to.match(/^failed +connection: The store does not answer: .*ECONNREFUSED/m)
  })

  it('storage:doctor – disk → exit 0, nothing left', async () => {
    const { code, text } = await run({ DATA_DIR: folder })
    expect(code).to.equal(0)
    expect(text).to.match(/^ok +delete$/m)
    expect(await readdir(join(folder, 'objects'))).to.deep.equal(['.tmp'])
  })

  it('server – bucket without some features → starts, names them once, leaves nothing', async () => {
    storeKind('MinIO of 2024').apply(s3)
    const { origin, output } = await startProcess(bucket())
    await waitForOutput({ output }, /it lacks features/)
    expect(output()).to.contain('list unfinished uploads').and.to.contain('delete several')
    await eventually(async () => expect((await fetch(`${origin}/readyz`)).status).to.equal(200), 30_000)
    expect([...s3.objects.keys()]).to.deep.equal(['.kura'])
    expect(output().split('it lacks features')).to.have.length(2)
  })
})
