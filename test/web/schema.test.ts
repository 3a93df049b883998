import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect } from 'chai'
import { joinOpenApi } from '../../controllers/openapi/join.js'
import { temporaryFolder } from '../support/temporary-folder.ts'

const SCHEMA = 'web/src/api/schema.ts'
const GENERATOR = createRequire(import.meta.resolve('../../web/package.json')).resolve(
  'openapi-typescript/bin/cli.js',
)

describe('types of the web client', function () {
  this.timeout(60_000)

  it(`${SCHEMA} – npm run web:api → the same text`, async () => {
    const folder = await temporaryFolder()
    const document = join(folder, 'openapi.json')
    const generated = join(folder, 'schema.ts')
    await writeFile(document, JSON.stringify(joinOpenApi()))
    await promisify(execFile)(process.execPath, [GENERATOR, document, '--output', generated])
    expect(
      (await readFile(SCHEMA, 'utf8')) === (await readFile(generated, 'utf8')),
      'run npm run web:api',
    ).to.equal(true)
  })
})
