import { readFile } from 'node:fs/promises'
import { expect } from 'chai'
import { spaceExceeded } from '../../../app/errors.ts'
import { translateDiskError } from '../../../app/storage/disk-errors.ts'
import { rejection } from '../../support/s3/object-stores.ts'

const failed = (code: string) => Object.assign(new Error(code), { code, syscall: 'write', errno: -1 })

describe('translateDiskError', () => {
  for (const code of ['ENOSPC', 'EDQUOT', 'EROFS', 'EIO', 'EACCES', 'EMFILE']) {
    it(`makes ${code} unavailable, with its cause`, () => {
      const error = failed(code)
      expect(translateDiskError(error)).to.include({ status: 503, code: 'unavailable', cause: error })
    })
  }

  it('knows what the file system really throws', async () => {
    const error = await rejection(readFile('/dev/null/absent'))
    expect(translateDiskError(error)).to.include({ status: 503, cause: error })
  })

  const others = [spaceExceeded(), failed('ECONNRESET'), new TypeError('a fault of ours'), 'text']
  for (const other of others) {
    it(`leaves ${String(other)} as it is`, () => {
      expect(translateDiskError(other)).to.equal(other)
    })
  }
})
