import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import { buildSync, context } from 'esbuild'
import { ENTRIES, PAGE, RELOAD, writeDocuments } from './web-documents.js'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
/** Data of decoders, by the ends of their names. */
const DATA = ['.wasm', '.bcmap', '.pfb', '.ttf']
/** Smallest file that is stored compressed too, in bytes. */
const MIN_COMPRESSED = 1000

/** Turns an icon of lucide-static into the list of its shapes, because a page cannot create elements from text. */
const icons = {
  name: 'icons',
  setup(build) {
    build.onLoad({ filter: /lucide-static[/\\]icons[/\\].*\.svg$/ }, ({ path }) => {
      const shapes = [
        ...readFileSync(path, 'utf8').matchAll(
          /<(path|circle|rect|line|polyline|polygon|ellipse)\s([^>]*?)\/>/g,
        ),
      ]
      const nodes = shapes.map(([, tag, attributes]) => [
        tag,
        Object.fromEntries(
          [...attributes.matchAll(/([\w-]+)="([^"]*)"/g)].map(([, name, value]) => [name, value]),
        ),
      ])
      return { contents: `export default ${JSON.stringify(nodes)}`, loader: 'js' }
    })
  },
}

const MODULES = join(ROOT, 'node_modules')
const DRACO = 'three/examples/jsm/libs/draco/gltf/draco_wasm_wrapper.js'
const BASIS = 'three/examples/jsm/libs/basis/basis_transcoder.js'
const DRACO_LOADER = 'three/examples/jsm/loaders/DRACOLoader.js'

/** Scripts that run as workers, by name: each becomes a file of its own, because the policy allows no worker from text. */
const WORKERS = {
  sha256: () => ({ path: 'sha256.worker.js', contents: bundleWorker('web/src/upload/sha256-worker.ts') }),
  geometry: () => ({
    path: 'geometry.worker.js',
    contents: bundleWorker('web/src/viewer/model/geometry-worker.ts'),
  }),
  // as KTX2Loader joins it: the transcoder, and the function of the worker
  ktx2: () => ({
    path: 'ktx2.worker.js',
    contents: `${transcoder()}\n${bundleWorker('web/src/viewer/model/ktx2-worker.ts')}`,
  }),
  pdf: () => ({
    path: 'pdf.worker.mjs',
    contents: readFileSync(join(MODULES, 'pdfjs-dist/build/pdf.worker.min.mjs'), 'utf8'),
  }),
  // as DRACOLoader joins it: the decoder, and the body of its function `DRACOWorker`
  draco: () => {
    const source = readFileSync(join(MODULES, DRACO_LOADER), 'utf8')
    const body = /\nfunction DRACOWorker\(\) \{\n([\s\S]*?)\n\}\n/.exec(source)?.[1]
    if (!body) throw new Error(`${DRACO_LOADER} has no function DRACOWorker`)
    return { path: 'draco.worker.js', contents: `${readFileSync(join(MODULES, DRACO), 'utf8')}\n${body}` }
  },
}

/** Functions that the transcoder makes from text, and what takes their place, because the policy allows no `eval`. */
const MADE_FROM_TEXT = {
  'newFunc(Function,args)(...closureArgs)':
    'callerOf({argTypes,isClassMethodFunc,needsDestructorStack,returns,cppInvokerFunc,cppTargetFunc,runDestructors})',
  'newFunc(Function,params)(...args)': 'methodCallerOf({types,retType,kind,emval_returnValue})',
}

function transcoder() {
  let source = readFileSync(join(MODULES, BASIS), 'utf8')
  for (const [made, own] of Object.entries(MADE_FROM_TEXT)) {
    if (!source.includes(made)) throw new Error(`${BASIS} has no ${made}`)
    source = source.replace(made, () => own)
  }
  return source
}

function bundleWorker(path) {
  const { outputFiles } = buildSync({
    absWorkingDir: ROOT,
    entryPoints: [path],
    bundle: true,
    format: 'iife',
    target: 'es2022',
    minify: true,
    define: { 'import.meta.url': 'self.location.href' },
    write: false,
  })
  return outputFiles[0].text
}

/** Resolves `worker:<name>` to the URL of the worker. */
const workers = {
  name: 'workers',
  setup(build) {
    build.onResolve({ filter: /^worker:/ }, ({ path }) => {
      const name = path.slice('worker:'.length)
      return { path: WORKERS[name]().path, namespace: 'worker', pluginData: name }
    })
    build.onLoad({ filter: /./, namespace: 'worker' }, ({ pluginData }) => ({
      contents: WORKERS[pluginData]().contents,
      loader: 'file',
    }))
  },
}

/** Resolves `folder:<path of a folder of a package>` to the URLs of the data files in it, by their names. */
const folders = {
  name: 'folders',
  setup(build) {
    build.onResolve({ filter: /^folder:/ }, ({ path }) => ({
      path: join(MODULES, path.slice('folder:'.length)),
      namespace: 'folder',
    }))
    build.onLoad({ filter: /./, namespace: 'folder' }, ({ path }) => {
      const names = readdirSync(path).filter((name) => DATA.some((end) => name.endsWith(end)))
      const imports = names.map((name, n) => `import f${n} from ${JSON.stringify(join(path, name))}`)
      const entries = names.map((name, n) => `${JSON.stringify(name)}: f${n}`)
      return { contents: `${imports.join('\n')}\nexport default { ${entries.join(', ')} }`, resolveDir: path }
    })
  },
}

const MAIN = join(ROOT, ENTRIES.app)

/**
 * Lets every part of the client that is loaded later import what the page has by then: the first load, and the module that
 * loads the part. Modules used by both so have the same importers as that module, and become one file with it instead of one
 * for each combination of parts.
 */
const fewFiles = {
  name: 'few-files',
  setup(build) {
    /** The modules that load each part. */
    const loaders = new Map()
    build.onResolve({ filter: /^\./ }, ({ kind, path, resolveDir, importer }) => {
      if (kind === 'dynamic-import' && resolveDir.startsWith(join(ROOT, 'web/src'))) {
        const part = join(resolveDir, path)
        loaders.set(part, new Set(loaders.get(part)).add(importer))
      }
      return undefined
    })
    build.onLoad({ filter: /[/\\]web[/\\]src[/\\].*\.tsx?$/ }, ({ path }) => {
      const [loader, ...others] = loaders.get(path) ?? []
      if (!loader) return undefined
      const present = others.length > 0 ? [MAIN] : [MAIN, loader]
      const imports = present.map((module) => `import ${JSON.stringify(module)}`)
      const contents = `${readFileSync(path, 'utf8')}\n${imports.join('\n')}\n`
      return { contents, loader: path.endsWith('x') ? 'tsx' : 'ts' }
    })
    // never called here
    build.onResolve({ filter: /^\.\/prerender\.js$/ }, () => ({ path: 'prerender', namespace: 'empty' }))
    build.onLoad({ filter: /./, namespace: 'empty' }, () => ({ contents: 'export default undefined' }))
  },
}

/**
 * Bundles the web client: documents, and below `files/` scripts and styles, whose names contain a hash of their content,
 * each also compressed. Does not check types.
 *
 * @param {string} folder path relative to the root of the project
 * @param {{ watch?: boolean, onBuild?: () => void }} options watch: builds again after every change, without
 *   compression, and open pages load again
 * @returns {Promise<string[]>} paths of all source files
 */
export async function bundleWeb(folder, { watch = false, onBuild = () => undefined } = {}) {
  const out = resolve(ROOT, folder)
  rmSync(out, { recursive: true, force: true })
  let sources = []
  const write = {
    name: 'write',
    setup(build) {
      build.onEnd(({ errors, metafile, outputFiles }) => {
        if (errors.length > 0) return
        sources = [...Object.keys(metafile.inputs), PAGE]
        for (const { path, contents } of outputFiles) store(path, contents, !watch)
        const licenses = Buffer.from(licensesOf(metafile))
        const hash = createHash('sha256').update(licenses).digest('hex').slice(0, 8)
        const name = `licenses-${hash}.txt`
        store(join(out, 'files', name), licenses, !watch)
        writeDocuments(out, metafile, name)
        onBuild()
      })
    },
  }
  const builder = await context({
    absWorkingDir: ROOT,
    entryPoints: { ...ENTRIES, ...(watch && { reload: RELOAD }) },
    outdir: join(out, 'files'),
    entryNames: '[name]-[hash]',
    chunkNames: '[name]-[hash]',
    assetNames: '[name]-[hash]',
    bundle: true,
    splitting: true,
    format: 'esm',
    target: 'es2022',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    minify: !watch,
    sourcemap: watch ? 'inline' : false,
    legalComments: 'linked',
    define: { 'process.env.NODE_ENV': watch ? '"development"' : '"production"' },
    loader: Object.fromEntries(['.svg', '.png', ...DATA].map((end) => [end, 'file'])),
    plugins: [icons, workers, folders, fewFiles, write],
    metafile: true,
    write: false,
    logLevel: 'warning',
  })
  await builder.rebuild()
  if (watch) await builder.watch()
  else await builder.dispose()
  return sources.filter((file) => !file.startsWith('node_modules/') && !/[<:]/.test(file))
}

function store(path, contents, compress) {
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, contents)
  if (!compress || contents.length < MIN_COMPRESSED || /\.(?:png|bcmap|pfb)$/.test(path)) return
  writeFileSync(`${path}.gz`, gzipSync(contents, { level: 9 }))
  const quality = { [constants.BROTLI_PARAM_QUALITY]: 9 }
  writeFileSync(`${path}.br`, brotliCompressSync(contents, { params: quality }))
}

/** Returns the licences of all packages in a build, and of what they contain. They require that every copy has them. */
function licensesOf({ inputs }) {
  const packages = new Map()
  for (const input of Object.keys(inputs)) {
    const path = input.replaceAll('\\', '/')
    // parts with a `:` were made by a plugin
    const [folder] = /^(?:[^:]*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path) ?? []
    if (folder) packages.set(folder, (packages.get(folder) ?? new Set([folder])).add(dirname(path)))
  }
  const texts = [...packages].sort().map(([folder, parts]) => {
    const { name, version, license } = JSON.parse(readFileSync(resolve(ROOT, folder, 'package.json'), 'utf8'))
    const files = [...parts].sort().flatMap((part) =>
      readdirSync(resolve(ROOT, part))
        .filter((file) => /^licen[sc]e(?:[._]|$)/i.test(file))
        .map((file) => readFileSync(resolve(ROOT, part, file), 'utf8').trim()),
    )
    return `${name} ${version} (${license})\n\n${files.join('\n\n')}`
  })
  return `${texts.join(`\n\n${'-'.repeat(80)}\n\n`)}\n`
}
