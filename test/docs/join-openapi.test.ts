import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { joinOpenApi } from '../../controllers/openapi/join.js'

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
