import { expect } from 'chai'
import fc from 'fast-check'
import { cleanFileName, downloadName } from '../../../app/media/file-name.ts'
import { cpuTime } from '../../support/cpu-time.ts'

const FAMILY = '👩‍👩‍👧‍👦'

const ROWS: [why: string, given: string, kept: string][] = [
  ['an ordinary name', 'chair.glb', 'chair.glb'],
  ['quotes and spaces', `Ada's "oak"  chair .glb`, `Ada's "oak"  chair .glb`],
  ['emoji, joined ones too', `${FAMILY}.png`, `${FAMILY}.png`],
  ['right-to-left text without its marks', 'كرسي\u200f.glb', 'كرسي.glb'],
  ['right-to-left text with a joiner', 'می\u200cخواهم.glb', 'می\u200cخواهم.glb'],
  ['decomposed accents', 'e\u0301té.obj', 'été.obj'],
  ['a drive without a folder', 'C:chair.glb', 'chair.glb'],
  ['a drive behind an invisible character', '\u200bC:\u200bchair.glb', 'chair.glb'],
  ['the folder above, in disguise', '.\u200b.', 'file'],
  ['the folder above behind a drive', 'C:..', 'file'],
  ['outer blanks', ' \u3000chair.glb ', 'chair.glb'],
  ['the byte order mark', '\ufeffchair.glb', 'chair.glb'],
  ['a path', '/home/ada/chair.glb', 'chair.glb'],
  ['a Windows path', 'C:\\Users\\Ada\\chair.glb', 'chair.glb'],
  ['a path upwards', '../../etc/passwd', 'passwd'],
  ['a path over a line break', 'a/b\n/c.png', 'c.png'],
  ['control characters', 'ch\0a\r\ni\tr\x7f\x9b.glb', 'chair.glb'],
  ['line separators', 'a\u2028b\u2029.png', 'ab.png'],
  ['a name that reads backwards', 'photo\u202egpj.exe', 'photogpj.exe'],
  ['isolates', '\u2066chair\u2069.glb', 'chair.glb'],
  ['half a character', 'a\ud83d.png', 'a.png'],
  ['a hidden file', '.gitignore', '.gitignore'],
  ['dots within', 'a..b...c', 'a..b...c'],
  ['nothing', '', 'file'],
  ['a folder only', 'models/', 'file'],
  ['control characters only', '\r\n\0', 'file'],
  ['spaces only', '  ', 'file'],
  ['the folder itself', '.', 'file'],
  ['the folder above', '..', 'file'],
  ['exactly 255 bytes', `${'a'.repeat(251)}.glb`, `${'a'.repeat(251)}.glb`],
  ['256 bytes', `${'a'.repeat(252)}.glb`, `${'a'.repeat(251)}.glb`],
  ['bytes, not characters', `${'é'.repeat(200)}.glb`, `${'é'.repeat(125)}.glb`],
  ['a character of many parts', `${'a'.repeat(240)}${FAMILY}.png`, `${'a'.repeat(240)}.png`],
  ['an extension too long to be one', `a.${'b'.repeat(300)}`, `a.${'b'.repeat(253)}`],
  ['one endless character', `e${'\u0301'.repeat(300)}.png`, 'file.png'],
]

describe('cleanFileName', () => {
  for (const [why, given, kept] of ROWS) {
    it(`cleanFileName – ${why}: ${JSON.stringify(given).slice(0, 60)} → clean name`, () =>
      expect(cleanFileName(given)).to.equal(kept))
  }

  it('cleanFileName – any text → 1 to 255 bytes without path or control characters, stable when repeated', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 600 }), (given) => {
        const name = cleanFileName(given)
        expect(Buffer.byteLength(name)).to.be.within(1, 255)
        expect(name).to.not.match(/[\\/]|\p{Cc}|\p{Cs}|^\.{1,2}$/u)
        expect(cleanFileName(name)).to.equal(name)
      }),
    )
  })

  it('cleanFileName – name of a megabyte → cut in bounded time', () => {
    const begin = cpuTime()
    expect(Buffer.byteLength(cleanFileName('é'.repeat(500_000)))).to.equal(254)
    expect(cpuTime() - begin).to.be.below(500)
  })
})

describe('downloadName', () => {
  it('downloadName – asset name of 200 characters of 4 bytes → 255 bytes with the extension', () => {
    const name = downloadName('🪑'.repeat(200), 'zip')
    expect(Buffer.byteLength(name)).to.be.within(252, 255)
    expect(name).to.match(/^🪑+\.zip$/u)
  })
})
