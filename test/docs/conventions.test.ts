import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { expect } from 'chai'

/** Matches a path of the project in backquotes, such as `app/errors.ts` or `embedded/`, but no pattern with a star. */
const PATH =
  /`((?:\.ci|app|bench|commands|config|controllers|docs|embedded|middleware|models|routes|scripts|test)\/[\w./-]*)`/g

/** Matches the target of a link to a file of the project. */
const LINK = /\]\((?!https?:|#)([^)#\s]+)/g

/** Matches a name and its file, such as "`use` in `models/link.ts`", with one or two names. */
const NAME_IN_FILE = /`(\w+)`(?: and `(\w+)`)? in `([\w./-]+\.ts)`/g

/** Matches the title of a test that is a literal. */
const TITLE = /^\s*it\(\s*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"|`((?:[^`\\]|\\.)*)`)/gm

async function textsOf(folder: string, end: string): Promise<[file: string, text: string][]> {
  const names = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith(end))
  return Promise.all(
    names.map(async (name): Promise<[string, string]> => {
      const file = join(folder, name)
      return [file, await readFile(file, 'utf8')]
    }),
  )
}

describe('conventions', () => {
  it('CONTRIBUTING.md and docs/*.md – paths of the project → exist', async () => {
    const pages = await textsOf('docs', '.md')
    pages.push(['CONTRIBUTING.md', await readFile('CONTRIBUTING.md', 'utf8')])
    const paths = pages.flatMap(([page, text]) => Array.from(text.matchAll(PATH), ([, path]) => [page, path]))
    expect(paths.length).to.be.greaterThan(20)
    expect(paths.filter(([, path]) => !existsSync(String(path)))).to.deep.equal([])
  })

  it('*.md – links to files of the project → exist', async () => {
    const pages = [...(await textsOf('docs', '.md')), ...(await textsOf('embedded', '.md'))]
    for (const page of ['README.md', 'CONTRIBUTING.md', 'UPGRADING.md', 'CHANGELOG.md'])
      pages.push([page, await readFile(page, 'utf8')])
    const links = pages.flatMap(([page, text]) =>
      Array.from(text.matchAll(LINK), ([, target = '']) => [page, join(dirname(page), target)] as const),
    )
    expect(links.length).to.be.greaterThan(10)
    expect(links.filter(([, target]) => !existsSync(target))).to.deep.equal([])
  })

  it('CONTRIBUTING.md – names in files → exist', async () => {
    const found = [...(await readFile('CONTRIBUTING.md', 'utf8')).matchAll(NAME_IN_FILE)]
    expect(found.length).to.be.greaterThan(3)
    for (const [text, first = '', second = first, file = ''] of found)
      expect(await readFile(file, 'utf8'), text)
        .to.match(new RegExp(`\\b${first}\\b`))
        .and.match(new RegExp(`\\b${second}\\b`))
  })

  it('test titles – every literal → subject – condition → result', async () => {
    const tests = await textsOf('test', '.test.ts')
    const titles = tests.flatMap(([file, text]) =>
      Array.from(text.matchAll(TITLE), ([, one, other, template]) => [file, one ?? other ?? template]),
    )
    expect(titles.length).to.be.greaterThan(500)
    expect(titles.filter(([, title]) => !/\S – .+ → /.test(String(title)))).to.deep.equal([])
  })
})
