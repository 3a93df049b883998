import { expect } from 'chai'
import { assetMedia, assetType } from '../../../app/media/classify.ts'
import type { AssetType, Media } from '../../../models/media.ts'

const ROWS: [medias: Media[], media: Media, type: AssetType][] = [
  [['model'], 'model', '3D'],
  [['image'], 'image', '2D'],
  [['video'], 'video', '2D'],
  [['audio'], 'audio', 'other'],
  [['document'], 'document', 'other'],
  [['archive'], 'archive', 'other'],
  [['other'], 'other', 'other'],
  [[], 'other', 'other'],
  [['image', 'document', 'model'], 'model', '3D'],
  [['video', 'image'], 'image', '2D'],
  [['audio', 'video'], 'video', '2D'],
  [['document', 'audio'], 'audio', 'other'],
  [['archive', 'document'], 'document', 'other'],
  [['other', 'archive'], 'archive', 'other'],
]

describe('classify', () => {
  for (const [medias, media, type] of ROWS) {
    it(`classify – files [${medias.join(', ')}] → ${media}, ${type}`, () => {
      expect(assetMedia(medias)).to.equal(media)
      expect(assetType(medias)).to.equal(type)
    })
  }
})
