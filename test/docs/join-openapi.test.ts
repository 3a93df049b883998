import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { joinOpenApi } from '../../controllers/openapi/join.js'

/** A document as these tests write it. */
interface Document {
  paths: Record<string, Record<string, { requestBody: { content: Record<string, { schema: Schema }> } }>>
}
interface Schema {
  properties?: object
}

const operationsOf = (folder: string, path: string) => (joinOpenApi(folder) as Document).paths[path] ?? {}

describe('joinOpenApi', () => {
  let folder: string
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kura-openapi-'))
    await write('root', 'openapi: 3.1.1\ncomponents: { schemas: { Id: { type: string } } }')
  })
  afterEach(() => rm(folder, { recursive: true }))

  const write = (name: string, text: string) => writeFile(join(folder, `${name}.yaml`), text)

  it('joinOpenApi – operations of one path and components in several files → one document', async () => {
    await write(
      'assets',
      'paths: { /a: { get: { tags: [A] } } }\ncomponents: { schemas: { B: { type: null } } }',
    )
    await write('admin', 'paths: { /a: { patch: { tags: [B] } }, /b: { get: {} } }')
    expect(joinOpenApi(folder)).to.deep.equal({
      openapi: '3.1.1',
      paths: { '/a': { get: { tags: ['A'] }, patch: { tags: ['B'] } }, '/b': { get: {} } },
      components: { schemas: { Id: { type: 'string' }, B: { type: null } } },
    })
  })

  it('joinOpenApi – operation that takes JSON → forms with the same fields but objects; a PATCH a merge patch too', async () => {
    const body = `requestBody: { content: { application/json: { schema: {
      type: object, properties: { a: { type: [string, 'null'] }, b: { type: object }, c: { $ref: '#/x' } } } } } }`
    await write('a', `paths: { /a: { post: { ${body} }, patch: { ${body} } } }`)
    const { post, patch } = operationsOf(folder, '/a')
    const schemas = Object.entries(post?.requestBody.content ?? {})
    expect(schemas.slice(1)).to.deep.equal(
      ['application/x-www-form-urlencoded', 'multipart/form-data'].map((type) => [
        type,
        { schema: { type: 'object', properties: { a: { type: ['string', 'null'] }, c: { $ref: '#/x' } } } },
      ]),
    )
    expect(patch?.requestBody.content['application/merge-patch+json']?.schema.properties).to.have.keys(
      'a',
      'b',
      'c',
    )
  })

  it('joinOpenApi – form that the source declares → kept, for both types of forms', async () => {
    const form = '{ schema: { type: string } }'
    const types = `application/json: { schema: {} }, application/x-www-form-urlencoded: ${form}`
    await write('a', `paths: { /a: { post: { requestBody: { content: { ${types} } } } } }`)
    const { content } = operationsOf(folder, '/a').post?.requestBody ?? { content: {} }
    expect(content['multipart/form-data']).to.deep.equal({ schema: { type: 'string' } })
  })

  for (const [what, text] of [
    ['an operation', 'paths: { /a: { get: { summary: again } } }'],
    ['a component', 'components: { schemas: { Id: { format: uuid } } }'],
    ['a field of the document', 'openapi: 3.1.1'],
  ] as const)
    it(`joinOpenApi – ${what} in two files → error that names it`, async () => {
      await write('assets', 'paths: { /a: { get: {} } }')
      await write('more', text)
      expect(() => joinOpenApi(folder)).to.throw(/^more\.yaml: .* is in another file/)
    })
})
