import { expect } from 'chai'
import mongoose, { mongo } from 'mongoose'
import { AppError, conflict } from '../../app/errors.ts'
import { translateError } from '../../middleware/handle-errors.ts'
import { User } from '../../models/user.ts'

const said = (error: unknown) => {
  const { status, code } = translateError(error)
  return [status, code]
}
const duplicate = (fields: object) => new mongo.MongoServerError({ code: 11000, ...fields })

describe('translateError', () => {
  it('translateError – AppError → the same error', () => {
    const error = conflict('The last admin cannot be deleted.')
    expect(translateError(error)).to.equal(error)
  })

  it('translateError – unknown error → 500 without its message, cause kept for the log', () => {
    for (const error of [new Error('secret'), new TypeError('secret'), 'secret', null, undefined]) {
      const translated = translateError(error)
      expect([translated.status, translated.code]).to.deep.equal([500, 'internal'])
      expect(translated.message).to.not.include('secret')
      expect(translated.cause).to.equal(error)
    }
  })

  const names: [object, string][] = [
    [{ keyPattern: { usernameKey: 1 } }, 'username'],
    [{ keyPattern: { mobileKey: 1 } }, 'mobile'],
    [{ keyPattern: { email: 1 } }, 'email'],
    [
      { errmsg: 'E11000 duplicate key error collection: kura.users index: usernameKey_1 dup key' },
      'username',
    ],
  ]
  for (const [fields, field] of names)
    it(`translateError – unique index refuses ${JSON.stringify(fields)} → ${field} named`, () => {
      const { status, code, details } = translateError(duplicate(fields))
      expect({ status, code, details }).to.deep.equal({
        status: 409,
        code: 'taken',
        details: [{ field, message: 'is taken' }],
      })
    })

  const unreachable: [string, Error][] = [
    ['a broken connection', new mongo.MongoNetworkError('connection 1 closed')],
    [
      'a connection that the server has half closed',
      Object.assign(new Error('This socket has been ended by the other party'), { code: 'EPIPE' }),
    ],
    [
      'a write to a socket that is destroyed',
      Object.assign(new Error('Cannot call write after a stream was destroyed'), {
        code: 'ERR_STREAM_DESTROYED',
      }),
    ],
    ['a broken message', new mongo.MongoParseError('Message size cannot be negative: -1')],
    ['an insert that the driver repeated', duplicate({ keyPattern: { _id: 1 } })],
    [
      'an insert that the driver repeated, told in words',
      duplicate({ errmsg: 'E11000 duplicate key error collection: kura.uploads index: _id_ dup key' }),
    ],
    ['a topology that is closed', new mongo.MongoTopologyClosedError('Topology is closed')],
    ['a primary that stepped down', new mongo.MongoServerError({ code: 10107, errmsg: 'not primary' })],
    ['a shutdown', new mongo.MongoServerError({ code: 11600, errmsg: 'interrupted at shutdown' })],
  ]
  for (const [name, error] of unreachable)
    it(`translateError – ${name} → unavailable`, () => {
      const translated = translateError(error)
      expect([translated.status, translated.code]).to.deep.equal([503, 'unavailable'])
      expect(translated.headers).to.have.property('Retry-After')
      expect(translated.cause).to.equal(error)
    })

  const full: [string, object][] = [
    ['a full disk', { code: 14031, errmsg: 'available disk space of 1 bytes is less than required minimum' }],
    ['a used up quota', { code: 8000, errmsg: 'you are over your space quota, using 513 MB of 512 MB' }],
  ]
  for (const [name, reply] of full)
    it(`translateError – ${name} of the database → server_full`, () => {
      const error = new mongo.MongoServerError(reply as mongo.ErrorDescription)
      expect(said(error)).to.deep.equal([507, 'server_full'])
      expect(translateError(error).cause).to.equal(error)
    })

  it('translateError – no time left → too_slow', () => {
    const error = new mongo.MongoServerError({ code: 50, errmsg: 'operation exceeded time limit' })
    const translated = translateError(error)
    expect([translated.status, translated.code]).to.deep.equal([503, 'too_slow'])
    expect(translated.cause).to.equal(error)
  })

  it('translateError – unreachable database → unavailable', async () => {
    const options = { serverSelectionTimeoutMS: 100, bufferCommands: false }
    const connection = mongoose.createConnection('mongodb://127.0.0.1:1/kura', options)
    const failed = connection.asPromise().catch((error: unknown) => error)
    const asked = await connection
      .model('User', User.schema)
      .findOne()
      .catch((error: unknown) => error)
    expect(said(asked)).to.deep.equal([503, 'unavailable'])
    expect(said(await failed)).to.deep.equal([503, 'unavailable'])
    await connection.close()
  })

  it('translateError – path with invalid percent-encoding → not_found; the same error inside the service → 500', () => {
    const error = Object.assign(new URIError('Failed to decode param'), { status: 400 })
    expect(said(error)).to.deep.equal([404, 'not_found'])
    expect(said(new URIError('URI malformed'))).to.deep.equal([500, 'internal'])
  })

  it('translateError – error of a library with its own status → 500', () => {
    const foreign = Object.assign(new Error('secret'), { status: 403, code: 'forbidden', expose: true })
    expect(said(foreign)).to.deep.equal([500, 'internal'])
    expect(translateError(foreign)).to.be.instanceOf(AppError)
  })
})
