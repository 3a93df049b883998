import { expect } from 'chai'
import { foldText } from '../../../models/words/fold.ts'
import { splitWords } from '../../../models/words/split.ts'

/** Folded forms of words. */
const FOLDED: [text: string, folded: string][] = [
  ['Straße ẞ', 'strasse ss'],
  ['ÆØÅ æøå Œuvre', 'aeoa aeoa oeuvre'],
  ['Łódź Đorđe ħobża þorn ð', 'lodz dorde hobza thorn d'],
  ['İstanbul ısı IĞDIR', 'istanbul isi igdir'],
  ['ﬁle ﬀ ＡＢＣ ①', 'file ff abc 1'],
  ['cafe\u0301 café', 'cafe cafe'],
  ['Ὀδυσσεύς ΟΔΟΣ', 'οδυσσευσ οδοσ'],
  ['Ёлка йод Їжак', 'елка иод іжак'],
  ['أحمد إسلام كِتَاب ســلام', 'احمد اسلام كتاب سلام'],
  ['שָׁלוֹם', 'שלום'],
  ['ハンダ パンダ ﾊﾝﾀﾞ', 'ハンダ パンダ ハンダ'],
  ['ข้าว ขาว ข่าว', 'ข้าว ขาว ข่าว'],
  ['हिन्दी हिंदी', 'हिन्दी हिंदी'],
]

/** Parts of the words of a text, divided by `|`; then the joined forms. */
const SPLIT: [text: string, parts: string[], joins?: string[]][] = [
  ['oak_chair_v2.obj', ['oak|chair|v|2|obj'], ['.obj', 'v2', 'oakchairv2obj']],
  ['OakChairV4.obj', ['oak|chair|v|4|obj']],
  ['HTMLParser', ['html|parser'], ['htmlparser']],
  ['IMG_0538.HEIC', ['img|0538|heic']],
  ['USB-C_cable', ['usb|c|cable'], ['usbc', 'usbccable']],
  ['16MHz', ['16|m|hz'], ['mhz', '16mhz']],
  ['C++ C++17 C# F#', ['c++', 'c++|17', 'c#', 'f#']],
  ['.NET ASP.NET', ['.net', 'asp|net'], ['.net', 'aspnet']],
  ['1/2" 1½” ¾″', ['1/2"', '1', '1/2"', '3/4"']],
  ['don’t OʼBrien', ['don|t', 'o|brien'], ['dont', 'obrien']],
  ['ハンダごて', ['ハ|ン|ダ|ご|て'], []],
  ['PDFファイル2020', ['pdf|フ|ァ|イ|ル|2020']],
  ['👩‍👩‍👧‍👦👍🏽🇩🇪1️⃣', ['👩‍👩‍👧‍👦|👍🏽|🇩🇪|1⃣']],
  ['❤️ ❤', ['❤', '❤']],
  ['Lego® so\u00adft', ['lego', 'soft']],
  ['می\u200cخواهم', ['می|خواهم'], ['میخواهم']],
  ['- – … !', []],
]

describe('words', () => {
  for (const [text, folded] of FOLDED)
    it(`foldText – ${text} → ${folded}`, () => expect(foldText(text)).to.equal(folded))

  for (const [text, parts, joins] of SPLIT)
    it(`splitWords – ${text} → ${parts.join(' ')}`, () => {
      const words = splitWords(text)
      expect(words.map((word) => word.parts.join('|'))).to.deep.equal(parts)
      if (joins) expect(words.flatMap((word) => word.joins.map(({ folded }) => folded))).to.deep.equal(joins)
    })
})
