import { readFile } from 'node:fs/promises'
import { expect } from 'chai'
import { parse } from 'dotenv'
import { loadConfig } from '../../config/env.ts'
import { configurationTable, envExample } from '../support/data/variables-text.ts'

describe('what is written about the configuration', () => {
  it('.env.example has every variable, its default and its sentence', async () => {
    expect(await readFile('.env.example', 'utf8')).to.equal(envExample())
  })

  it('.env.example without its # is a configuration, and the same as none', async () => {
    const text = (await readFile('.env.example', 'utf8')).replace(/^#(?=[A-Z0-9_]+=)/gm, '')
    expect(parse(text)).to.include({ PORT: '8080', DATA_DIR: './data' })
    expect(loadConfig(parse(text))).to.deep.equal(loadConfig({}))
  })

  it("README.md's table has every variable, its default and its sentence", async () => {
    expect(await readFile('README.md', 'utf8')).to.contain(configurationTable())
  })
})
