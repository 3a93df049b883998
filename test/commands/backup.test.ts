import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { json, register, send, uploadFile } from '../support/app/client.ts'
import { killAll, runProcess, startProcess } from '../support/app/process.ts'

describe('npm run backup and npm run restore', function () {
  this.timeout(240_000)
  let folder: string

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kura-backup-'))
  })
  after(async () => {
    await killAll()
    await rm(folder, { recursive: true, force: true })
  })

  async function run(command: string, DATA_DIR: string, dir: string): Promise<[unknown, string]> {
    const { ended, output } = runProcess({ DATA_DIR }, `commands/${command}.ts`, `set -- "$@" ${dir}`)
    return [await ended, output()]
  }

  it('backup, restore – no folder named → exit 1 with the usage', async () => {
    const [code, said] = await run('backup', join(folder, 'none'), '')
    expect([code, said]).to.deep.equal([1, 'Name one folder: npm run backup -- DIR\n'])
  })

  it('backup, restore – running or stopped service → the same service on another machine', async () => {
    const [here, there, dir] = [join(folder, 'here'), join(folder, 'there'), join(folder, 'backup')]
    const { origin } = await startProcess({ DATA_DIR: here })
    const { username, password, ...ada } = await register(origin)
    const content = randomBytes(100_000)
    const path = await uploadFile(ada, content)

    expect(await run('backup', here, dir)).to.deep.equal([
      0,
      `1 users, 1 assets and 1 objects are in ${dir}.\n`,
    ])
    const [code, message] = await run('restore', here, dir)
    expect(code).to.equal(1)
    expect(message).to.contain('The database is not empty').and.not.contain('    at ')
    const [restored, said] = await run('restore', there, dir)
    expect(restored, said).to.equal(0)
    expect(said).to.match(/^1 users, 1 assets and 1 objects were restored as of 20\S+Z\.$/m)

    const other = await startProcess({ DATA_DIR: there })
    const login = json({ login: username, password })
    const { token } = await send<{ token: string }>(`${other.origin}/api/auth/login`, login, 200)
    const answer = await fetch(`${other.origin}${path}`, { headers: { Authorization: `Bearer ${token}` } })
    expect(content.equals(Buffer.from(await answer.arrayBuffer()))).to.equal(true)
  })
})
