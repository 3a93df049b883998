import { expect } from 'chai'
import { storeUnavailable } from '../../../app/errors.ts'
import { explainError } from '../../../app/lifecycle/start-error.ts'
import { ConfigError } from '../../../config/env.ts'

const systemError = (fields: object) => Object.assign(new Error('of the system'), fields)
const named = (name: string, message: string) => Object.assign(new Error(message), { name })

describe('explainError', () => {
  const ERRORS = [
    { name: 'errors of the configuration', error: new ConfigError(['PORT is odd']), says: 'PORT is odd' },
    {
      name: 'a port in use',
      error: systemError({ syscall: 'listen', code: 'EADDRINUSE', port: 80 }),
      says: 'port 80 is in use',
    },
    {
      name: 'a port for root only',
      error: systemError({ syscall: 'listen', code: 'EACCES', port: 80 }),
      says: 'not allowed to listen on port 80',
    },
    {
      name: 'an address of another machine',
      error: systemError({ syscall: 'listen', code: 'EADDRNOTAVAIL', address: '192.0.2.1' }),
      says: 'HOST 192.0.2.1 is not an address of this machine',
    },
    {
      name: 'a host name that has no address',
      error: systemError({ syscall: 'getaddrinfo', code: 'EAI_AGAIN', hostname: 'nowhere.example.org' }),
      says: 'the host name nowhere.example.org cannot be resolved.\nCheck the variable',
    },
    {
      name: 'a path that is no folder',
      error: systemError({ syscall: 'mkdir', code: 'ENOTDIR', path: '/etc/passwd/mongo' }),
      says: 'cannot start: of the system.\nCheck DATA_DIR',
    },
    {
      name: 'a folder in use',
      error: named('DirectoryInUse', 'x is in use by process 7'),
      says: 'in use by process 7.\nStop that process',
    },
    {
      name: 'an address of a database that is none',
      error: named('MongoParseError', 'no host'),
      says: 'MONGODB_URI is not valid: no host',
    },
    {
      name: 'a database that cannot be reached',
      error: named('MongooseServerSelectionError', 'connect ECONNREFUSED'),
      says: 'database cannot be reached: connect ECONNREFUSED',
    },
    {
      name: 'a database whose name has no DNS record',
      error: systemError({ syscall: 'querySrv', code: 'ENOTFOUND' }),
      says: 'database cannot be reached: of the system',
    },
    {
      name: 'a folder of another user',
      error: systemError({ syscall: 'mkdir', code: 'EACCES', path: '/data/mongo' }),
      says: '/data/mongo cannot be read and written by this user (EACCES).\nSet DATA_DIR',
    },
    {
      name: 'a folder of the store on a read-only file system',
      error: storeUnavailable(systemError({ syscall: 'access', code: 'EROFS', path: '/data/objects' })),
      says: '/data/objects cannot be read and written on a read-only file system (EROFS)',
    },
    {
      name: 'a store that does not answer',
      error: storeUnavailable(new Error('no answer')),
      says: 'cannot start: no answer',
    },
    {
      name: 'an address of a client, not of HOST',
      error: storeUnavailable(
        systemError({ syscall: 'connect', code: 'EADDRNOTAVAIL', address: '192.0.2.1' }),
      ),
      says: 'cannot start: of the system',
    },
  ]
  for (const { name, error, says } of ERRORS)
    it(`explainError – ${name} → message without a stack`, () => {
      expect(explainError(error)).to.contain(says).and.not.contain('    at ')
    })

  it('explainError – unexpected error → message with its stack', () => {
    expect(explainError(new TypeError('x is no function'))).to.match(/^TypeError: x is no function\n {4}at /)
  })
})
