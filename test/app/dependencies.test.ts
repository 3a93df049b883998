import { readdir, readFile } from 'node:fs/promises'
import { dirname, join, normalize, relative } from 'node:path'
import { expect } from 'chai'
import { sourceFiles } from '../support/source-files.ts'

interface Layer {
  name: string
  holds: (file: string) => boolean
  /** Other layers that its files can import. */
  imports: string[]
}

const inFolder = (folder: string) => (file: string) => file.startsWith(`${folder}/`)

/** The layers of CONTRIBUTING.md. A file belongs to the first one whose `holds` returns true. */
const LAYERS: Layer[] = [
  {
    name: 'process',
    holds: (file) => file === 'server.ts' || inFolder('commands')(file),
    imports: ['application', 'controllers', 'app', 'models', 'config', 'errors', 'embedded'],
  },
  {
    name: 'application',
    holds: (file) => file === 'app/index.ts' || inFolder('app/lifecycle')(file),
    imports: ['routes', 'controllers', 'middleware', 'app', 'models', 'config', 'errors'],
  },
  {
    name: 'rules',
    holds: (file) => file.endsWith('.rules.ts') || inFolder('routes/rules')(file),
    imports: ['middleware', 'app', 'models', 'errors'],
  },
  {
    name: 'routes',
    holds: inFolder('routes'),
    imports: ['controllers', 'rules', 'middleware', 'app', 'models', 'config', 'errors'],
  },
  {
    name: 'controllers',
    holds: inFolder('controllers'),
    imports: ['rules', 'middleware', 'app', 'models', 'config', 'errors'],
  },
  { name: 'middleware', holds: inFolder('middleware'), imports: ['app', 'models', 'config', 'errors'] },
  { name: 'errors', holds: (file) => file === 'app/errors.ts', imports: [] },
  { name: 'app', holds: inFolder('app'), imports: ['models', 'config', 'errors'] },
  { name: 'models', holds: inFolder('models'), imports: ['errors'] },
  { name: 'config', holds: inFolder('config'), imports: [] },
  { name: 'embedded', holds: inFolder('embedded'), imports: [] },
]

const layerOf = (file: string) => LAYERS.find(({ holds }) => holds(file))

const IMPORT = /(?:\bfrom|\bimport)\s*\(?\s*'([^']+)'/g

interface Import {
  from: string
  to: string
}

describe('source files', () => {
  let imports: Import[]
  let files: string[]

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

  it('imports – every file → only its own layer and the layers allowed for it', () => {
    const isAllowed = ({ from, to }: Import) => {
      const [layer, other] = [layerOf(from), layerOf(to)]
      return layer === other || layer?.imports.includes(other?.name ?? '')
    }
    const wrong = imports.filter((one) => files.includes(one.to) && !isAllowed(one))
    expect(wrong.map(({ from, to }) => `${from} → ${to}`)).to.deep.equal([])
  })

  it('imports – every file, types too → no circle', () => {
    const importsOf = new Map(files.map((file) => [file, new Set<string>()]))
    for (const { from, to } of imports) if (importsOf.has(to) && from !== to) importsOf.get(from)?.add(to)
    // repeatedly removes files without imports, until only circles and the files that import them remain
    for (let size = -1; size !== importsOf.size; ) {
      size = importsOf.size
      for (const [file, others] of importsOf)
        if (![...others].some((other) => importsOf.has(other))) importsOf.delete(file)
    }
    expect([...importsOf.keys()]).to.deep.equal([])
  })

  it('app/ – loose files → at most 6', () => {
    expect(files.filter((file) => /^app\/[^/]+$/.test(file)).length).to.be.at.most(6)
  })

  it('imports – bench/ and scripts/ → none from test/', async () => {
    for (const folder of ['bench', 'scripts']) {
      const names = (await readdir(folder, { recursive: true })).filter((name) => /\.[jt]s$/.test(name))
      const texts = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')))
      expect(names, folder).not.to.deep.equal([])
      expect(texts.filter((text) => /'(?:\.\.\/)+test\//.test(text))).to.deep.equal([])
    }
  })

  it('import() – every file → own files only, because a bundled CommonJS package has no named exports', async () => {
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
    expect(users.filter((file) => !file.startsWith('app/storage/s3/'))).to.deep.equal([])
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
