import { readdir, readFile } from 'node:fs/promises'
import { dirname, join, normalize, relative } from 'node:path'
import { expect } from 'chai'
import { sourceFiles } from '../support/source-files.ts'

/** Which rooms a room may import from; `app/index.ts` and `app/realtime` are the ones that open doors. */
const MAY_IMPORT: Record<string, string[]> = {
  models: ['models', 'app/errors.ts'],
  config: ['config'],
  app: ['app', 'models', 'config'],
  'app/realtime': ['app', 'models', 'config', 'rules'],
  'app/index.ts': ['app', 'models', 'config', 'middleware', 'routes'],
  middleware: ['middleware', 'app', 'models'],
  controllers: ['controllers', 'middleware', 'rules', 'app', 'models', 'config'],
  rules: ['rules', 'app', 'models'],
  routes: ['routes', 'rules', 'controllers', 'middleware', 'models', 'app', 'config'],
  embedded: ['embedded'],
  'server.ts': ['app', 'config', 'embedded'],
  commands: ['commands', 'app', 'models', 'config', 'embedded'],
}

const IMPORT = /(?:\bfrom|\bimport)\s*\(?\s*'([^']+)'/g

interface Import {
  from: string
  to: string
}

/** `routes/*.rules.ts`, `routes/dialects/*.rules.ts` and `routes/rules/` declare input: they know no route. */
const isRules = (file: string) => file.endsWith('.rules.ts') || file.startsWith('routes/rules/')

const roomOf = (file: string) => (isRules(file) ? 'rules' : roomByPath(file))

const roomByPath = (file: string) =>
  Object.keys(MAY_IMPORT)
    .filter((room) => file === room || file.startsWith(`${room}/`))
    .sort((one, other) => other.length - one.length)[0] ?? ''

describe('source files', () => {
  let imports: Import[]
  let files: string[]
  const isIn = (file: string, room: string) =>
    isRules(file) ? room === 'rules' : file === room || file.startsWith(`${room}/`)

  before(async () => {
    files = await sourceFiles()
    const found = await Promise.all(
      files.map(async (from) => {
        const text = await readFile(from, 'utf8')
        return [...text.matchAll(IMPORT)].map(([, specifier = '']) => ({
          from,
          to: specifier.startsWith('.')
            ? relative('.', normalize(join(dirname(from), specifier)))
            : specifier,
        }))
      }),
    )
    imports = found.flat()
  })

  it('source files – all folders → read', () => {
    expect(files.length).to.be.greaterThan(100)
    expect(imports.length).to.be.greaterThan(files.length)
  })

  it('imports – every file → only the allowed folders', () => {
    const wrong = imports.filter(
      ({ from, to }) =>
        files.includes(to) && !(MAY_IMPORT[roomOf(from)] ?? []).some((room) => isIn(to, room)),
    )
    expect(wrong.map(({ from, to }) => `${from} → ${to}`)).to.deep.equal([])
  })

  it('bench/ and scripts/ – every import → none from test/', async () => {
    for (const folder of ['bench', 'scripts']) {
      const names = (await readdir(folder, { recursive: true })).filter((name) => /\.[jt]s$/.test(name))
      const texts = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')))
      expect(names, folder).not.to.deep.equal([])
      expect(texts.filter((text) => /'(?:\.\.\/)+test\//.test(text))).to.deep.equal([])
    }
  })

  it('import() – every file → own files only, because a bundled CommonJS package has no names', async () => {
    const texts = await Promise.all(files.map((file) => readFile(file, 'utf8')))
    const onDemand = texts.flatMap((text) =>
      [...text.matchAll(/\bimport\(([^)]*)\)/g)].map(([, what]) => what),
    )
    expect(onDemand.length).to.be.greaterThan(0)
    expect(onDemand.filter((what) => !what?.startsWith("'."))).to.deep.equal([])
  })

  it('imports – AWS SDK and multer-s3 → S3 store only', () => {
    const users = imports
      .filter(({ to }) => to.startsWith('@aws-sdk/') || to === 'multer-s3')
      .map(({ from }) => from)
    expect(users.length).to.be.greaterThan(0)
    expect(users.filter((file) => !file.startsWith('app/storage/s3-'))).to.deep.equal([])
  })

  it('process.env – every file → server.ts and commands/ only', async () => {
    const readers = await Promise.all(
      files.map(async (file) => ((await readFile(file, 'utf8')).includes('process.env') ? file : null)),
    )
    const found = readers.filter((file) => file !== null && !file.startsWith('commands/'))
    expect(found).to.deep.equal(['server.ts'])
  })

  it('source files – length → at most 300 lines', async () => {
    const lengths = await Promise.all(
      files.map(async (file) => ({ file, lines: (await readFile(file, 'utf8')).split('\n').length - 1 })),
    )
    expect(lengths.filter(({ lines }) => lines > 300)).to.deep.equal([])
  })
})
