// `npm run build`: bundles the programs into dist/ and lists their source files for ensure-built.js.
import { writeFileSync } from 'node:fs'
import { bundle, PROGRAMS } from './bundle.js'

const files = bundle(PROGRAMS, 'dist')
const sources = ['package-lock.json', ...files.filter((file) => !file.startsWith('node_modules/'))]
writeFileSync('dist/sources.json', JSON.stringify(sources))
