import { expect } from 'chai'
import { AppError } from '../../app/errors.ts'
import { checked, optional, optionalParameter, rules } from '../../routes/rules/define.ts'
import { tagList, wholeNumber } from '../../routes/rules/fields.ts'
import { text } from '../../routes/rules/text.ts'

const declared = rules({
  body: { name: text(), both: optional(text()) },
  query: { both: optional(text()) },
})

async function detailsOf(input: object) {
  try {
    return await declared.validate(input)
  } catch (error) {
    return error instanceof AppError ? error.details.map(({ field, message }) => [field, message]) : error
  }
}

const UNKNOWN = 'is not a known field'
const TEXT = 'must be text'

describe('rules', () => {
  it('rules – wrong and unknown fields of body and query → all named together', async () => {
    const input = { body: { name: 1, other: 1, both: 1 }, query: { both: ['x', 'y'], page: '1', name: 'x' } }
    expect(await detailsOf(input)).to.have.deep.members([
      ['name', TEXT],
      ['both', TEXT],
      ['other', UNKNOWN],
      ['page', UNKNOWN],
      ['name', UNKNOWN],
    ])
  })

  it('rules – body is an array → one detail for it, beside those of the query', async () => {
    expect(
      await detailsOf({ body: Array(50_000).fill(1), query: { page: '1', both: '\0' } }),
    ).to.have.deep.members([
      ['body', 'must be a JSON object'],
      ['page', UNKNOWN],
      ['both', 'must not contain control characters or invalid text'],
    ])
  })

  it('rules – 20 errors or more → all named; above, the last detail counts the rest', async () => {
    const unknown = (count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, n) => [`x${n}`, 1]))
    expect(await detailsOf({ body: { name: 'a', ...unknown(20) } })).to.have.length(20)
    const details = (await detailsOf({ body: { name: 'a', ...unknown(21) } })) as string[][]
    expect(details).to.have.length(20)
    expect(details[19]).to.deep.equal(['', '2 more fields are invalid'])
  })

  it('rules – names that objects inherit → refused as unknown', async () => {
    const inherited = JSON.parse('{"name":"a","__proto__":1,"constructor":1,"toString":1}')
    expect(await detailsOf({ body: inherited })).to.have.deep.members([
      ['__proto__', UNKNOWN],
      ['constructor', UNKNOWN],
      ['toString', UNKNOWN],
    ])
  })

  it('rules – field name of 90,000 characters → 100 of them in the detail', async () => {
    expect(await detailsOf({ body: { name: 'a', ['n'.repeat(90_000)]: 1 } })).to.deep.equal([
      ['n'.repeat(100), UNKNOWN],
    ])
  })

  it('rules – valid fields → those with a rule, in the location they were sent in', async () => {
    expect(await detailsOf({ body: { name: 'a' }, query: { both: 'b' } })).to.deep.equal({
      name: 'a',
      both: 'b',
    })
  })

  it('rules – the same short query again → checked once, separate inputs', async () => {
    let checks = 0
    const count = () => {
      checks += 1
      return true
    }
    const counted = rules({ query: { both: optional(checked(text(), count, '')) } })
    const inputs = [
      await counted.validate({ query: { both: 'b' } }),
      await counted.validate({ query: { both: 'b' } }),
    ]
    expect(inputs).to.deep.equal([{ both: 'b' }, { both: 'b' }])
    expect(inputs[0]).not.to.equal(inputs[1])
    expect(checks).to.equal(1)
    expect(await counted.validate({ query: { both: 'c' } })).to.deep.equal({ both: 'c' })
    await counted.validate({ query: { both: 'x'.repeat(1000) } })
    await counted.validate({ query: { both: 'x'.repeat(1000) } })
    expect(checks).to.equal(4)
  })

  it('rules – a list of a short query is changed by its reader → TypeError, the next input is not changed', async () => {
    const tagged = rules({ query: { tag: optionalParameter(tagList({ max: 3, each: { min: 1, max: 9 } })) } })
    const query = { tag: 'a,b' }
    const first = await tagged.validate({ query })
    expect(() => (first.tag as string[]).push('c')).to.throw(TypeError)
    expect(await tagged.validate({ query: { ...query } })).to.deep.equal({ tag: ['a', 'b'] })
  })

  it('rules – parameter that is 0, or empty → 0; absent', async () => {
    const sized = rules({ query: { size: optionalParameter(wholeNumber({ min: 0 })) } })
    expect(await sized.validate({ query: { size: '0' } })).to.deep.equal({ size: 0 })
    expect(await sized.validate({ query: { size: '' } })).to.deep.equal({})
  })
})
