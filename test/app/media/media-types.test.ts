import { expect } from 'chai'
import { assetMedia, assetType, canShowInline } from '../../../app/media/media-types.ts'
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

describe('assetMedia and assetType', () => {
  for (const [medias, media, type] of ROWS) {
    it(`assetMedia – files [${medias.join(', ')}] → ${media}, ${type}`, () => {
      expect(assetMedia(medias)).to.equal(media)
      expect(assetType(media)).to.equal(type)
    })
  }
})

const SHOWN = [
  'image/png',
  'image/jpeg',
  'image/gif',
  'image/webp',
  'image/avif',
  'video/mp4',
  'video/webm',
  'audio/mpeg',
  'audio/wav',
]
const KEPT = [
  'image/svg+xml',
  'text/html',
  'text/plain',
  'text/xml',
  'application/xhtml+xml',
  'application/pdf',
  'application/octet-stream',
  'model/gltf-binary',
  'application/zip',
  'text/javascript',
  'ximage/png',
]

describe('canShowInline', () => {
  for (const mediaType of SHOWN)
    it(`canShowInline – ${mediaType} → true`, () => expect(canShowInline(mediaType)).to.equal(true))
  for (const mediaType of KEPT)
    it(`canShowInline – ${mediaType} → false`, () => expect(canShowInline(mediaType)).to.equal(false))
})
