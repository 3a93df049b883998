import { expect } from 'chai'
import type { Response } from 'supertest'

/** Asserts an error of the Kumo routes: `{name, message}`. */
export function refused({ body, status }: Response, expected: number, name: string, message = /./): void {
  expect({ status, name: body.name }, JSON.stringify(body)).to.deep.equal({ status: expected, name })
  expect(body).to.have.all.keys('name', 'message')
  expect(body.message).to.match(message)
}
