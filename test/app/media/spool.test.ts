import { mkdir, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { Readable } from 'node:stream'
import { expect } from 'chai'
import { removeOrphanFiles, SPOOL_MAX_BYTES, withTemporaryFile } from '../../../app/media/spool.ts'
import { useOwnTemporaryFolder } from '../../support/temporary-folder.ts'

const MB = 1_000_000
const spooled = () => readdir(tmpdir())
const refusal = (made: Promise<unknown>) => made.catch((error: unknown) => error)

/** Returns a stream of this many bytes. They are not kept in memory. */
function bytes(size: number): Readable {
  const piece = Buffer.alloc(MB)
  let left = size
  return new Readable({
    read() {
      const now = Math.min(left, piece.length)
      left -= now
      this.push(now > 0 ? piece.subarray(0, now) : null)
    },
  })
}

describe('withTemporaryFile', () => {
  useOwnTemporaryFolder()

  const options = (user = 'ada') => ({ user, maxBytes: SPOOL_MAX_BYTES })

  it('withTemporaryFile – stream → file that only its owner can read, removed afterwards', async () => {
    const mode = await withTemporaryFile(bytes(3), options(), async (path) => (await stat(path)).mode & 0o777)
    expect(mode).to.equal(0o600)
    expect(await spooled()).to.deep.equal([])
  })

  it('withTemporaryFile – file exists → its bytes count against the quota', async () => {
    let taken = 0
    const quota = {
      addBytes: async (size: number) => {
        taken += size
      },
      returnBytes: (size: number) => {
        taken -= size
      },
    }
    await withTemporaryFile(bytes(2 * MB + 1), { ...options(), quota }, async () => {
      expect(taken).to.equal(2 * MB + 1)
    })
    expect(taken).to.equal(0)
  })

  it('withTemporaryFile – quota is full → its error, nothing is left', async () => {
    const full = new Error('full')
    const quota = { addBytes: () => Promise.reject(full), returnBytes: () => undefined }
    const source = bytes(MB)
    expect(await refusal(withTemporaryFile(source, { ...options(), quota }, async () => 1))).to.equal(full)
    expect(source.destroyed).to.equal(true)
    expect(await spooled()).to.deep.equal([])
  })

  it('withTemporaryFile – too many bytes of all pictures → 503, but another user still has room', async function () {
    this.timeout(60_000)
    const half = SPOOL_MAX_BYTES / 2
    await withTemporaryFile(bytes(half), options('ada'), async () => {
      const refused = await refusal(withTemporaryFile(bytes(1), options('ada'), async () => 1))
      expect(refused).to.include({ status: 503, code: 'unavailable' })
      expect(refused).to.have.nested.property('headers.Retry-After')
      expect(await withTemporaryFile(bytes(100 * MB), options('bob'), async () => 'made')).to.equal('made')
    })
    expect(await withTemporaryFile(bytes(1), options('ada'), async () => 'made')).to.equal('made')
    expect(await spooled()).to.deep.equal([])
  })

  it('withTemporaryFile – many images of one user at the same time → the youngest are refused, the others made', async function () {
    this.timeout(60_000)
    const size = 90 * MB
    const outcomes = await Promise.all(
      Array.from({ length: 8 }, () =>
        withTemporaryFile(bytes(size), options(), async () => 'made').catch((error) => error.status),
      ),
    )
    expect(outcomes[0]).to.equal('made')
    expect(outcomes.filter((outcome) => outcome !== 'made' && outcome !== 503)).to.deep.equal([])
    expect(await spooled()).to.deep.equal([])
  })

  it('withTemporaryFile – folder is missing → 507 that says so', async () => {
    const folder = tmpdir()
    process.env.TMPDIR = join(folder, 'missing')
    const refused = await refusal(withTemporaryFile(bytes(5), options(), async () => 1))
    process.env.TMPDIR = folder
    expect(refused).to.include({ status: 507, code: 'server_full' })
    expect(refused).to.have.property('fault').that.contains('set TMPDIR')
    expect(refused).to.have.nested.property('cause.code', 'ENOENT')
  })

  it('withTemporaryFile – source fails → its own error', async () => {
    const readError = Object.assign(new Error('the bucket is gone'), { code: 'EIO', syscall: 'read' })
    const source = new Readable({ read: () => source.destroy(readError) })
    expect(await refusal(withTemporaryFile(source, options(), async () => 1))).to.equal(readError)
    expect(await spooled()).to.deep.equal([])
  })

  it('withTemporaryFile – file cannot be removed → the result all the same', async () => {
    const replaced = await withTemporaryFile(bytes(5), options(), async (path) => {
      await rm(path)
      await mkdir(path)
      return path
    })
    expect(await spooled()).to.deep.equal([basename(replaced)])
    await rm(replaced, { recursive: true })
  })
})

describe('removeOrphanFiles', () => {
  useOwnTemporaryFolder()

  it('removeOrphanFiles – files of a killed process → removed; files in use or of others kept', async () => {
    const hourAgo = new Date(Date.now() - 3_600_001)
    for (const name of ['kura-picture-old', 'kura-picture-new', 'other'])
      await writeFile(join(tmpdir(), name), 'x')
    for (const name of ['kura-picture-old', 'other']) await utimes(join(tmpdir(), name), hourAgo, hourAgo)
    await removeOrphanFiles()
    expect((await spooled()).sort()).to.deep.equal(['kura-picture-new', 'other'])
  })
})
