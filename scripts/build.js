// `npm run build`: bundles the programs and the web client into dist/ and lists their source files for ensure-built.js.
import { writeFileSync } from 'node:fs'
import { bundle, PROGRAMS } from './bundle.js'
import { bundleWeb } from './bundle-web.js'

const files = bundle(PROGRAMS, 'dist')
const ofWeb = await bundleWeb('dist/web')
const sources = ['package-lock.json', ...files.filter((file) => !file.startsWith('node_modules/')), ...ofWeb]
writeFileSync('dist/sources.json', JSON.stringify(sources))
