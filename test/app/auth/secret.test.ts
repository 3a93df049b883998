import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { loadSecret } from '../../../app/auth/secret.ts'

describe('loadSecret', () => {
  let folder: string
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kura-secret-'))
  })
  afterEach(() => rm(folder, { recursive: true }))

  it('loadSecret – no file, 20 calls at the same time → one secret for all, in a private file', async () => {
    const secrets = await Promise.all(Array.from({ length: 20 }, () => loadSecret(folder)))
    expect(new Set(secrets)).to.have.property('size', 1)
    expect(secrets[0]).to.have.length(64)
    expect(await readFile(join(folder, 'jwt-secret'), 'utf8')).to.equal(secrets[0])
    expect((await stat(join(folder, 'jwt-secret'))).mode & 0o777).to.equal(0o600)
    expect(await readdir(folder)).to.deep.equal(['jwt-secret'])
  })

  for (const [name, content] of [
    ['no text', ''],
    ['a short secret', 'hunter2'],
    ['blanks', ' '.repeat(40)],
  ] as const)
    it(`loadSecret – file with ${name} → refused, the file stays`, async () => {
      const file = join(folder, 'jwt-secret')
      await writeFile(file, content)
      const error = await loadSecret(folder).then(String, (thrown: Error) => thrown.message)
      expect(error).to.contain(`${file} must hold a secret of at least 32 characters`)
      expect(await readFile(file, 'utf8')).to.equal(content)
    })
})
