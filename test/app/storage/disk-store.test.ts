import { mkdir, mkdtemp, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { expect } from 'chai'
import { AppError } from '../../../app/errors.ts'
import { openDiskStore } from '../../../app/storage/disk/store.ts'
import { type ObjectStore, ObjectsNotRemoved } from '../../../app/storage/object-store.ts'
import { keysIn, rejection } from '../../support/s3/object-stores.ts'

describe('disk store', () => {
  let dir: string
  let store: ObjectStore
  const bytes = Buffer.alloc(3 * 1024 * 1024, 7)

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'kura-disk-'))
    store = await openDiskStore({ dir })
  })
  afterEach(() => rm(dir, { recursive: true }))

  it('check – folder exists → passes; the description names the folder', async () => {
    expect(store).to.include({ kind: 'disk', description: `Files are kept on disk in ${dir}.` })
    await store.check()
  })

  it('openDiskStore – folder cannot be created → unavailable', async () => {
    await writeFile(join(dir, 'file'), '')
    const error = await rejection(openDiskStore({ dir: join(dir, 'file', 'objects') }))
    expect(error).to.be.instanceOf(AppError).and.to.include({ status: 503, code: 'unavailable' })
    expect(error.cause).to.have.property('code', 'ENOTDIR')
  })

  it('put – disk unmounted → the folder is not created again', async () => {
    await rm(dir, { recursive: true })
    await rejection(store.put('a/b/c', bytes))
    await rejection(store.check())
    expect(await rejection(stat(dir))).to.have.property('code', 'ENOENT')
    await mkdir(dir)
  })

  it('put – file mode → readable by the owner only', async () => {
    await store.put('a/b', bytes)
    expect((await stat(join(dir, 'a'))).mode & 0o777).to.equal(0o700)
    expect((await stat(join(dir, 'a/b'))).mode & 0o777).to.equal(0o600)
  })

  it('put – running → not listed until complete', async () => {
    const source = new PassThrough()
    const writing = store.put('a/b/1', source)
    await new Promise((resolve) => source.write(bytes, resolve))
    expect(await keysIn(store, '')).to.deep.equal([])
    expect(await readdir(dir)).to.deep.equal(['.tmp'])
    source.end()
    await writing
    expect(await keysIn(store, '')).to.deep.equal(['a/b/1'])
    expect(await readdir(join(dir, '.tmp'))).to.deep.equal([])
  })

  it('put – error of the disk → rejects with unavailable, nothing is left', async () => {
    await symlink('loop', join(dir, 'loop'))
    const source = new PassThrough()
    source.end(bytes)
    const error = await rejection(store.put('loop/1', source))
    expect(error).to.include({ status: 503, code: 'unavailable' })
    expect(error.cause).to.have.property('code', 'ELOOP')
    expect(await readdir(join(dir, '.tmp'))).to.deep.equal([])
  })

  it('open – file removed meanwhile → streams to the end', async () => {
    await store.put('a/b/1', bytes)
    const stream = await store.open('a/b/1')
    stream.read(0)
    await store.remove(['a/b/1'])
    expect((await buffer(stream)).equals(bytes)).to.equal(true)
  })

  it('remove – folder becomes empty → only this folder removed', async () => {
    for (const key of ['a/b/1', 'a/b/2', 'a/c/1', 'd']) await store.put(key, bytes)
    await store.remove(['a/b/1', 'd'])
    expect(await readdir(join(dir, 'a'))).to.have.members(['b', 'c'])
    await store.remove(['a/b/2'])
    expect(await readdir(join(dir, 'a'))).to.deep.equal(['c'])
    await store.remove(['a/c/1'])
    expect(await readdir(dir)).to.deep.equal(['.tmp'])
  })

  it('put – its folder is removed meanwhile → stored', async () => {
    const rounds = Array.from({ length: 50 }, async (_, n) => {
      await store.put(`a/b/${n}`, Buffer.from('x'))
      if (n % 2) await store.remove([`a/b/${n}`])
    })
    await Promise.all(rounds)
    expect(await keysIn(store, 'a/b/')).to.have.length(25)
  })

  it('remove – some objects fail → reported, the others removed', async () => {
    await symlink('loop', join(dir, 'loop'))
    await store.put('a/1', bytes)
    const error = await rejection(store.remove(['loop/1', 'a/1', 'loop/2']))
    expect(error).to.include({ status: 503, code: 'unavailable' })
    expect(error.cause).to.be.instanceOf(ObjectsNotRemoved)
    expect(error.cause).to.have.deep.property('keys', ['loop/1', 'loop/2'])
    expect(error.cause).to.have.nested.property('cause.code', 'ELOOP')
    expect(await readdir(join(dir))).to.have.members(['.tmp', 'loop'])
  })

  it('list – other files in the folder → not listed', async () => {
    await mkdir(join(dir, 'lost+found'))
    await writeFile(join(dir, '.hidden'), '')
    await writeFile(join(dir, 'read.me'), '')
    await store.put('a/1', bytes)
    expect(await keysIn(store, '')).to.deep.equal(['a/1'])
  })

  it('abortUnfinished – long upload → age counted from its start', async () => {
    const before = new Date(Date.now() + 5)
    const source = new PassThrough()
    const writing = rejection(store.put('a/b/1', source))
    await new Promise((resolve) => source.write(bytes, resolve))
    while (Date.now() <= before.getTime()) await new Promise((resolve) => source.write('more', resolve))
    expect(await store.abortUnfinished('a/b/1', before)).to.equal(1)
    source.end()
    expect(await writing).to.include({ code: 'unavailable' })
    expect(await readdir(dir)).to.deep.equal(['.tmp'])
  })
})
