import { expect } from 'chai'
import { Types } from 'mongoose'
import { AppError } from '../../../app/errors.ts'
import { createCursors } from '../../../app/search/cursor.ts'
import type { Position } from '../../../models/plugins/page.ts'
import { startApp, type TestApp } from '../../support/app/app.ts'
import { uploadAsset } from '../../support/app/assets.ts'
import { signIn, signUpAdmin, type TestUser } from '../../support/app/users.ts'
import { png } from '../../support/data/samples.ts'

const SECRETS = ['first secret '.repeat(4), 'second secret '.repeat(4)]
const cursors = createCursors(SECRETS)
const QUERY = { q: 'chair', createdAfter: new Date(0), owner: new Types.ObjectId() }

const refusalOf = (act: () => unknown): unknown => {
  try {
    return act()
  } catch (error) {
    return error instanceof AppError ? error.code : error
  }
}

/** Returns spellings of a cursor that no answer contained. */
function mangled(cursor: string): string[] {
  const middle = Math.floor(cursor.length / 2)
  const changed = [...cursor].map(
    (char, at) => `${cursor.slice(0, at)}${char === 'A' ? 'B' : 'A'}${cursor.slice(at + 1)}`,
  )
  return [
    ...changed,
    '',
    cursor.slice(1),
    cursor.slice(0, -1),
    cursor.slice(0, 10),
    `${cursor}A`,
    `${cursor}=`,
    ` ${cursor}`,
    `${cursor.slice(0, middle)}.${cursor.slice(middle)}`,
    cursor.repeat(2),
    Buffer.from('["x",{"$date":"x"},{"$oid":"x"}]').toString('base64url'),
    Buffer.from(`["x",{"$gt":""},{"$oid":"${new Types.ObjectId()}"}]`).toString('base64url'),
  ]
}

describe('cursors', () => {
  const VALUES = ['café "chair"', '', 0, -1.5, 2 ** 52, new Date('2026-11-30T12:00:00.123Z')]
  for (const value of VALUES)
    it(`cursor – position of ${JSON.stringify(value)} written and read → the same`, () => {
      const position: Position = [value, new Types.ObjectId()]
      const cursor = cursors.write(QUERY, position)
      expect(cursors.read(QUERY, String(cursor))).to.deep.equal(position)
      for (const spelling of mangled(String(cursor)))
        expect(
          refusalOf(() => cursors.read(QUERY, spelling)),
          spelling,
        ).to.equal('validation_failed')
    })

  it('write – no next page → null; no cursor → undefined', () => {
    expect(cursors.write(QUERY, null)).to.equal(null)
    expect(cursors.read(QUERY, undefined)).to.equal(undefined)
  })

  it('read – another query, or a secret that is not in use → validation_failed; a rotated secret → read', () => {
    const position: Position = ['x', new Types.ObjectId()]
    const cursor = String(cursors.write(QUERY, position))
    expect(refusalOf(() => cursors.read({ ...QUERY, q: 'table' }, cursor))).to.equal('validation_failed')
    const [first = '', second = ''] = SECRETS
    expect(refusalOf(() => createCursors([second]).read(QUERY, cursor))).to.equal('validation_failed')
    expect(createCursors([second, first]).read(QUERY, cursor)).to.deep.equal(position)
  })
})

describe('lists', () => {
  let app: TestApp
  let ada: TestUser
  let id: string
  before(async () => {
    app = await startApp()
    ada = await signUpAdmin(app, 'ada')
    await signIn(app, ada.user)
    await signUpAdmin(app, 'bob')
    const asset = await uploadAsset(ada, { name: 'Chair' })
    await uploadAsset(ada, { name: 'Chair' })
    for (const name of ['a.png', 'b.png']) await uploadAsset(ada, {}, { [name]: await png() })
    id = asset.id
    for (let count = 0; count < 2; count += 1) {
      await ada.post(`/api/assets/${id}/links`).send({}).expect(201)
      await ada.post('/api/projects').send({ title: 'House' }).expect(201)
    }
  })
  after(() => app.stop())

  const LISTS = [
    '/api/assets?',
    ...['newest', 'updated', 'name', 'size', 'downloads'].map((sort) => `/api/assets?sort=${sort}&`),
    '/api/assets?q=chair&',
    '/api/users?',
    '/api/users/me/activity?',
    '/api/admin/activity?',
    '/api/auth/sessions?',
    '/api/projects?',
    '/images?',
    '/api/assets/:id/links?',
  ]
  for (const list of LISTS)
    it(`GET ${list}cursor= – mangled in any way → 400, never 500`, async () => {
      const path = list.replace(':id', id)
      const { body } = await ada.get(`${path}limit=1`)
      const cursor = body.res?.next
      expect(cursor, JSON.stringify(body)).to.be.a('string')
      await ada.get(`${path}limit=1&cursor=${cursor}`).expect(200)
      const spellings = mangled(cursor).filter((spelling, at) => spelling !== '' && at % 7 === 0)
      for (const spelling of spellings) {
        const answer = await ada.get(`${path}limit=1&cursor=${encodeURIComponent(spelling)}`)
        expect([answer.status, answer.body.err?.details?.[0]?.field], spelling).to.deep.equal([400, 'cursor'])
      }
    })
})
