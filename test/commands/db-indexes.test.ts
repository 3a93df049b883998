import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import mongoose from 'mongoose'
import { startEmbeddedMongo } from '../../embedded/mongo/start.ts'
import { freePort } from '../support/app/http.ts'
import { killAll, runProcess } from '../support/app/process.ts'

const COMMAND = 'commands/db-indexes.ts'

/** Returns the names of the unique indexes of the users collection. */
async function uniqueIndexes(uri: string): Promise<string[]> {
  const connection = await mongoose.createConnection(uri, { dbName: 'kura' }).asPromise()
  try {
    const indexes = await connection.collection('users').indexes()
    return indexes.filter(({ unique }) => unique).map(({ name = '' }) => name)
  } finally {
    await connection.close()
  }
}

describe('npm run db:indexes', function () {
  this.timeout(60_000)
  let folder: string

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kura-indexes-'))
  })
  afterEach(async () => {
    await killAll()
    await rm(folder, { recursive: true, force: true })
  })

  it('db:indexes – embedded database, beside its process or alone → indexes built', async () => {
    const dir = join(folder, 'mongo')
    const served = await startEmbeddedMongo({ dir })
    const beside = runProcess({ DATA_DIR: folder }, COMMAND)
    expect([await beside.ended, beside.output()]).to.deep.equal([0, 'All indexes are up to date.\n'])
    expect(await uniqueIndexes(served.uri)).to.include.members(['usernameKey_1', 'email_1'])
    await served.close()

    const alone = runProcess({ DATA_DIR: folder }, COMMAND)
    expect([await alone.ended, alone.output()]).to.deep.equal([0, 'All indexes are up to date.\n'])
  })

  it('db:indexes – database unreachable → exit 1 with the reason', async () => {
    const uri = `mongodb://127.0.0.1:${await freePort()}/kura?serverSelectionTimeoutMS=200`
    const { ended, output } = runProcess({ DATA_DIR: folder, MONGODB_URI: uri }, COMMAND)
    expect(await ended).to.equal(1)
    expect(output()).to.contain('cannot be reached: connect ECONNREFUSED').and.not.contain('    at ')
  })
})
