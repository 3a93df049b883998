// Prints the README's tour as one script for `sh -eu`: every block of shell in it, in order.
import { readFileSync } from 'node:fs'

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
const blocks = [...readme.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, block]) => block)
if (blocks.length === 0) throw new Error('README.md has no block of shell')
process.stdout.write(blocks.join('\n'))
