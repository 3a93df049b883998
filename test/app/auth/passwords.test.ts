import { expect } from 'chai'
import { refuseWeakPassword } from '../../../app/auth/passwords.ts'

const NAMES = ['Ada.Lovelace', 'ada@example.org', null, undefined]

describe('passwords', () => {
  const weak: [string, string][] = [
    ['1234567', 'bytes'],
    ['', 'bytes'],
    ['x'.repeat(73), 'bytes'],
    ['é'.repeat(37), 'bytes'],
    ['password', 'common'],
    ['PassWord1', 'common'],
    ['qwertyuiop', 'common'],
    ['ada.lovelace', 'name'],
    ['ADA@EXAMPLE.ORG', 'name'],
  ]
  for (const [password, reason] of weak)
    it(`refuseWeakPassword – "${password.slice(0, 20)}" → refused, "${reason}"`, async () => {
      const error = await refuseWeakPassword(password, NAMES).catch((thrown) => thrown)
      expect(error).to.include({ status: 400, code: 'validation_failed' })
      expect(error.details).to.have.length(1)
      expect(error.details[0].field).to.equal('password')
      expect(error.details[0].message).to.include(reason)
    })

  for (const password of [
    'é'.repeat(4),
    'x'.repeat(71).concat('y'),
    'correct horse battery',
    'ada.lovelace1815',
  ])
    it(`refuseWeakPassword – "${password.slice(0, 20)}" → accepted`, () =>
      refuseWeakPassword(password, NAMES))
})
