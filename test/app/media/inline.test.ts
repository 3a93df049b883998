import { expect } from 'chai'
import { mayShowInline } from '../../../app/media/inline.ts'

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

describe('mayShowInline', () => {
  for (const mediaType of SHOWN)
    it(`mayShowInline – ${mediaType} → true`, () => expect(mayShowInline(mediaType)).to.equal(true))
  for (const mediaType of KEPT)
    it(`mayShowInline – ${mediaType} → false`, () => expect(mayShowInline(mediaType)).to.equal(false))
})
