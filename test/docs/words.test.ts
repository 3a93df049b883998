import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'chai'

/** Files and folders whose comments, names and messages are checked. */
const PRODUCT = [
  ...['app', 'bench', 'commands', 'config', 'controllers', 'docs', 'embedded', 'middleware', 'models'],
  ...['routes', 'scripts', 'server.ts', 'README.md', 'CONTRIBUTING.md', 'UPGRADING.md', 'CHANGELOG.md'],
  ...['.env.example', 'app.json', 'compose.env.sh', 'compose.yaml', 'Dockerfile', 'Procfile'],
]

/** Words that hide the meaning of a sentence or are not the standard term, and what to write instead. */
const FORBIDDEN: [words: RegExp, instead: string][] = [
  [/\banew\b/, 'again'],
  [/\bwhoever\b/, 'name the person: the caller, the client, a user'],
  [/\bthat which\b/, 'name the thing'],
  [/\bwhat is so\b/, 'name the thing'],
  [/\bnothing of it\b/, 'say what does not exist: no object, record or reservation'],
  [/\blet live\b/, 'kept'],
  [/\b(?:comes|came|come|goes|went) round\b/, 'runs at an interval'],
  [/\bputs? right\b/, 'corrects, recomputes'],
  [/\bfor ever\b/, 'permanently'],
  [/\bstrangers?\b/, 'anonymous'],
  [/\bpatience\b/, 'retry, backoff'],
  [/\btruth\b/, 'actual usage'],
  [/\b(?:byte )?doors?\b/, 'connection, receiver, entry point'],
  [/\bbrakes?\b/, 'backpressure'],
  [/\bstrays?\b/, 'orphan'],
  [/\bleftovers?\b/, 'orphan'],
  [/\bcrumbs?\b/, 'name the thing'],
  [/\bfate\b/, 'result'],
  [/\bamiss\b/, 'wrong'],
  [/\bwhatever\b/, 'name the thing'],
  [/\bof late\b/, 'recently'],
  [/\bintakes?\b/, 'upload session'],
  [/\binflows?\b/, 'upload session'],
  [/\bdialects?\b/, 'compatibility routes'],
  [/\bstand in\b/, 'embedded database; in tests: fake'],
  [/\bcontract(?: \d| §|'s|\.md| promises| says)/, 'say the rule itself'],
]

/** Returns the paths of the files of a folder, or the path of a single file. */
async function filesOf(path: string): Promise<string[]> {
  if (!(await stat(path)).isDirectory()) return [path]
  const names = await readdir(path, { recursive: true })
  return names.filter((name) => /\.(?:[jt]s|md|yaml|css|html)$/.test(name)).map((name) => join(path, name))
}

/** Returns a line as plain words: without comment signs, identifiers divided into their words, in lower case. */
const wordsOf = (line: string) =>
  line
    .replace(/^\s*(?:\/\*\*?|\*|\/\/|#)\s*/, '')
    .replace(/([a-z\d])([A-Z])/g, '$1 $2')
    .replace(/[-_\s]+/g, ' ')
    .toLowerCase()

/** Returns the forbidden words of a text as `place: "word" – what to write`. A phrase can continue on the next line. */
function findIn(text: string, placeOf: (line: number) => string): string[] {
  const lines = text.split('\n').map(wordsOf)
  return lines.flatMap((line, n) =>
    FORBIDDEN.flatMap(([words, instead]) => {
      const found = words.exec(`${line.trimEnd()} ${lines[n + 1] ?? ''}`)
      return found && found.index < line.length ? [`${placeOf(n + 1)}: "${found[0]}" – ${instead}`] : []
    }),
  )
}

describe('words', () => {
  it('comments, names and messages of the product – every file → no forbidden word', async () => {
    const files = (await Promise.all(PRODUCT.map(filesOf))).flat()
    expect(files.length).to.be.greaterThan(300)
    const found = await Promise.all(
      files.map(async (file) => [
        ...findIn(file, () => `${file} (its name)`),
        ...findIn(await readFile(file, 'utf8'), (line) => `${file}:${line}`),
      ]),
    )
    expect(found.flat(), `\n${found.flat().join('\n')}\n`).to.deep.equal([])
  })

  it('findIn – identifiers, phrases over two lines, parts of words → found, found, not found', () => {
    const place = (line: number) => `a:${line}`
    expect(findIn('const openDoor = 1', place)).to.have.length(1)
    expect(findIn('class UploadIntake {}\nTRUTH_MS', place)).to.have.length(2)
    expect(findIn('/**\n * A job that comes\n * round.\n */', place)).to.deep.equal([
      'a:2: "comes round" – runs at an interval',
    ])
    expect(findIn('indoors astray RFC 9110 §14.1.2', place)).to.deep.equal([])
  })
})
