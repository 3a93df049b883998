import { readFile } from 'node:fs/promises'
import { expect } from 'chai'
import mongoose from 'mongoose'
import '../../models/all.ts'
import { sourceFiles } from '../support/source-files.ts'

/** Limit of queries outside models/ and migrations, which create documents or copy whole collections. */
const MAX_QUERIES = 15

const METHODS = [
  'aggregate',
  'bulkWrite',
  'count\\w*',
  'create',
  'delete(?:One|Many)',
  'distinct',
  'estimatedDocumentCount',
  'exists',
  'find(?:One|ById)?(?:And(?:Update|Delete|Replace))?',
  'insert(?:One|Many)',
  'replaceOne',
  'update(?:One|Many)',
].join('|')

describe('queries', () => {
  it(`outside models/ – every call of a model or a collection → fewer than ${MAX_QUERIES}`, async () => {
    const names = Object.keys(mongoose.models).join('|')
    const query = new RegExp(
      `(?:\\b(?:${names}|[mM]odel)|\\bcollection(?:\\([^)]*\\))?)\\s*\\.(?:${METHODS})\\(`,
      'g',
    )
    const files = (await sourceFiles()).filter(
      (file) => !/^(?:models|embedded|app\/maintenance\/migrations)\//.test(file),
    )
    const found = await Promise.all(
      files.map(async (file) =>
        [...(await readFile(file, 'utf8')).matchAll(query)].map(([call]) => `${file}: ${call}`),
      ),
    )
    expect(found.flat()).to.have.length.within(1, MAX_QUERIES - 1)
  })
})
