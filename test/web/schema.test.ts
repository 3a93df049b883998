import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { expect } from 'chai'
import { joinOpenApi } from '../../controllers/openapi/join.js'

const SCHEMA = 'web/src/api/schema.ts'
const packageOf = createRequire(import.meta.resolve('../../web/package.json')).resolve('openapi-typescript')
const GENERATOR = join(dirname(packageOf), '../bin/cli.js')

describe('types of the web client', function () {
  this.timeout(60_000)

  it(`${SCHEMA} – npm run web:api → the same text`, async () => {
    const folder = await mkdtemp(join(tmpdir(), 'kura-schema-'))
    const document = join(folder, 'openapi.json')
    const generated = join(folder, 'schema.ts')
    await writeFile(document, JSON.stringify(joinOpenApi()))
    await promisify(execFile)(process.execPath, [GENERATOR, document, '--output', generated])
    expect(
      (await readFile(SCHEMA, 'utf8')) === (await readFile(generated, 'utf8')),
      'run npm run web:api',
    ).to.equal(true)
    await rm(folder, { recursive: true })
  })
})
