import { readFile } from 'node:fs/promises'
import { expect } from 'chai'
import { parse } from 'dotenv'
import { loadConfig } from '../../config/env.ts'
import { configurationTable, envExample } from '../support/data/variables-text.ts'

describe('documentation of the configuration', () => {
  it('.env.example – every variable → listed with default and description', async () => {
    expect(await readFile('.env.example', 'utf8')).to.equal(envExample())
  })

  it('.env.example – comment signs removed → same configuration as without the file', async () => {
    const text = (await readFile('.env.example', 'utf8')).replace(/^#(?=[A-Z0-9_]+=)/gm, '')
    expect(parse(text)).to.include({ PORT: '8080', DATA_DIR: './data' })
    expect(loadConfig(parse(text))).to.deep.equal(loadConfig({}))
  })

  it('README.md – every variable → in the table with default and description', async () => {
    expect(await readFile('README.md', 'utf8')).to.contain(configurationTable())
  })
})
