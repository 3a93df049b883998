// Prints all `sh` code blocks of a page (default: README.md) as one script for `sh -eu`, so that a test can run them.
import { readFileSync } from 'node:fs'

const [, , page = 'README.md'] = process.argv
const text = readFileSync(new URL(`../${page}`, import.meta.url), 'utf8')
const blocks = [...text.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, block]) => block)
if (blocks.length === 0) throw new Error(`${page} has no sh code block`)
process.stdout.write(blocks.join('\n'))
