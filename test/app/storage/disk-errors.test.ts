import { readFile } from 'node:fs/promises'
import { expect } from 'chai'
import { spaceExceeded } from '../../../app/errors.ts'
import { translateDiskError } from '../../../app/storage/disk/file-system.ts'
import { rejection } from '../../support/s3/object-stores.ts'

const systemError = (code: string) => Object.assign(new Error(code), { code, syscall: 'write', errno: -1 })

describe('translateDiskError', () => {
  for (const code of ['ENOSPC', 'EDQUOT']) {
    it(`translateDiskError – ${code} → server_full with its cause`, () => {
      const error = systemError(code)
      expect(translateDiskError(error)).to.include({ status: 507, code: 'server_full', cause: error })
    })
  }

  for (const code of ['EROFS', 'EIO', 'EACCES', 'EMFILE']) {
    it(`translateDiskError – ${code} → unavailable with its cause`, () => {
      const error = systemError(code)
      expect(translateDiskError(error)).to.include({ status: 503, code: 'unavailable', cause: error })
    })
  }

  it('translateDiskError – error of a real file system call → unavailable', async () => {
    const error = await rejection(readFile('/dev/null/absent'))
    expect(translateDiskError(error)).to.include({ status: 503, cause: error })
  })

  const others = [spaceExceeded(), systemError('ECONNRESET'), new TypeError('a bug'), 'text']
  for (const other of others) {
    it(`translateDiskError – ${String(other)} → unchanged`, () => {
      expect(translateDiskError(other)).to.equal(other)
    })
  }
})
