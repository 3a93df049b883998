import { expect } from 'chai'
import express from 'express'
import request from 'supertest'
import { type Handler, handle, validate } from '../../middleware/handle.ts'
import { type Field, optional, rules } from '../../routes/rules/define.ts'
import { wholeNumber } from '../../routes/rules/fields.ts'
import { text } from '../../routes/rules/text.ts'

const renamed = rules({ body: { name: text(), size: optional(wholeNumber({ min: 0 })) } })
const removed = rules({ query: { force: optional(text()) } })

const rename: Handler<typeof renamed> = ({ input }, res) => res.json(input)
const remove: Handler<typeof removed> = ({ input }, res) => res.json(input)
const readOwn: Handler = ({ user }, res) => res.json(user)

describe('handle', () => {
  it('handle – handler of other rules, or route without rules → type error', () => {
    // @ts-expect-error: the rules are those of another handler
    expect(handle(removed, rename)).to.be.a('function')
    // @ts-expect-error: the rules are those of another handler, and all fields of both are optional
    expect(handle(rules({ query: { inline: optional(text()) } }), remove)).to.be.a('function')
    // @ts-expect-error: the handler needs rules
    expect(handle(remove)).to.be.a('function')
  })

  it('POST / – validated before a guard → the handler gets the same sanitized input', async () => {
    const twice: Field<string> = (chain) => chain.customSanitizer((value) => `${value}${value}`)
    const doubled = rules({ body: { name: twice } })
    const app = express().post(
      '/',
      express.json(),
      validate(doubled),
      handle(doubled, ({ input }, res) => res.json(input)),
    )
    const { body } = await request(app).post('/').send({ name: 'ab' })
    expect(body).to.deep.equal({ name: 'abab' })
  })

  it('GET / – the route lacks a middleware that the handler needs → a TypeError that names it', async () => {
    const errors: unknown[] = []
    const app = express().get('/', handle(readOwn), ((error, _req, res, _next) => {
      errors.push(error)
      res.status(500).end()
    }) as express.ErrorRequestHandler)
    await request(app).get('/').expect(500)
    expect(errors).to.have.length(1)
    expect(errors[0]).to.be.instanceOf(TypeError).with.property('message').that.includes('authenticate')
  })
})
