import { expect } from 'chai'
import { wordKeysOf } from '../../../models/words/index-words.ts'
import { TIERS, tierOf } from '../../../models/words/match.ts'
import { parseQuery } from '../../../models/words/query.ts'

const asset = (name: string, more: Partial<Parameters<typeof wordKeysOf>[0]> = {}) => ({
  name,
  tags: [],
  fileNames: [],
  description: '',
  ...more,
})

/** Names, searches and the tier of each; null: not found. */
const ROWS: [q: string, name: string, tier: number | null][] = [
  ['oak chair', 'Oak Chair', TIERS.title],
  ['cafe', 'Café', TIERS.title + 1],
  ['oak chair', 'chair of oak', TIERS.name],
  ['oak chair', 'oak table', null],
  ['chair', 'oak_chair_v2.obj', TIERS.name],
  ['0538', 'IMG_0538.HEIC', TIERS.name],
  ['img_05', 'IMG_0538.HEIC', TIERS.prefix],
  ['usbc', 'USB-C cable', TIERS.name],
  ['usb-c', 'usbc cable', TIERS.name],
  ['cha', 'oak chair', TIERS.prefix],
  ['c', 'chair', null],
  ['lampe', 'Schreibtischlampe', TIERS.inside],
  ['chairs', 'oak chair', TIERS.inside],
  ['c++', 'C++ book', TIERS.name],
  ['c++', 'C book', null],
  ['c', 'C++ book', TIERS.inside],
  ['net', '.NET logo', TIERS.inside],
  ['1/2"', 'elbow 1/2"', TIERS.name],
  ['1/2', 'elbow 1/2"', TIERS.inside],
  ['"oak chair"', 'oak chair red', TIERS.name],
  ['“oak chair”', 'chair oak', null],
  ['oak -chair', 'oak_chair', null],
  ['oak -cha', 'oak_chair', TIERS.name],
  ['oak – chair', 'oak chair red', TIERS.name],
  ['ハンダ', 'パンダ', null],
  ['ンダ', 'パンダ', TIERS.name],
  ['-chair', 'oak', null],
  ['צה"ל', 'סמל צה"ל', TIERS.name],
  ['"1/2" pipe"', 'pipe, 1/2" pipe', TIERS.name],
  ['"1/2"', 'scale 1/2', TIERS.name],
  ['"1/2"', 'pipe 1 inch', null],
  ['"oak cha', 'red oak chair', TIERS.prefix],
  ['"oak cha"', 'red oak chair', null],
  ['"chairs"', 'red chair', null],
  ['"', 'oak', null],
  ['kicad_Symbols', 'KiCad-symbols_v2', TIERS.name],
  ['v12', 'v1.2', null],
  ['👍', '👍🏽 yes', TIERS.inside],
]

describe('tierOf', () => {
  for (const [q, name, tier] of ROWS)
    it(`tierOf – ${q}, ${name} → ${tier}`, () => expect(tierOf(asset(name), parseQuery(q))).to.equal(tier))

  it('wordKeysOf – a name and a file → keys of parts, joined forms, stems and the title', () => {
    const keys = wordKeysOf(asset('Oak Chairs', { fileNames: ['USB-C.glb'] }))
    expect(keys).to.include.members([
      ...['title:oak chairs', 'word:oak', 'name:oak', 'word:chairs', 'name:chairs', 'stem:chair'],
      ...['word:usb', 'word:c', 'word:glb', 'word:usbc', 'word:usbcglb'],
    ])
    expect(keys).to.not.include('name:usb')
  })

  it('parseQuery – 501 characters or 17 words → validation_failed', () => {
    for (const q of ['a'.repeat(501), 'a '.repeat(17)])
      expect(() => parseQuery(q))
        .to.throw()
        .that.includes({ code: 'validation_failed' })
  })
})
