// Prints a page's tour, the README's by default, as one script for `sh -eu`: every block of shell in it, in order.
import { readFileSync } from 'node:fs'

const [, , page = 'README.md'] = process.argv
const text = readFileSync(new URL(`../${page}`, import.meta.url), 'utf8')
const blocks = [...text.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, block]) => block)
if (blocks.length === 0) throw new Error(`${page} has no block of shell`)
process.stdout.write(blocks.join('\n'))
