import { gzipSync } from 'node:zlib'
import { expect } from 'chai'
import fc from 'fast-check'
import { detectContent } from '../../../app/media/detect-content.ts'
import { MEDIA } from '../../../models/media.ts'
import { cpuTime } from '../../support/cpu-time.ts'
import * as samples from '../../support/data/samples.ts'

const HEAD_BYTES = 4096
const UNKNOWN = 'application/octet-stream'
const latin1 = (text: string) => Buffer.from(text, 'latin1')
const utf16 = (text: string) => Buffer.from(`\ufeff${text}`, 'utf16le')

/** Detects a file as an upload does: from its first bytes and its size. */
const tell = (name: string, file: Buffer) => detectContent(name, file.subarray(0, HEAD_BYTES), file.length)

type Row = [what: string, name: string, file: Buffer | Promise<Buffer>, mediaType: string, media: string]

function table(rows: () => Row[]): void {
  for (const [what, name, file, mediaType, media] of rows()) {
    it(`detectContent – ${name}: ${what} → ${mediaType}, ${media}`, async () => {
      expect(await tell(name, await file)).to.deep.equal({ mediaType, media })
    })
  }
}

describe('detectContent, files whose content and name agree', () => {
  table(() => [
    ['a picture', 'a.png', samples.png(), 'image/png', 'image'],
    ['a picture', 'a.jpg', samples.jpeg(), 'image/jpeg', 'image'],
    ['a picture', 'a.webp', samples.webp(), 'image/webp', 'image'],
    ['a picture', 'a.avif', samples.avif(), 'image/avif', 'image'],
    ['a picture', 'a.gif', samples.animatedGif(), 'image/gif', 'image'],
    ['a picture', 'a.tiff', samples.tiff(), 'image/tiff', 'image'],
    ['a drawing', 'a.svg', samples.svg(), 'image/svg+xml', 'image'],
    ['a texture', 'a.tga', targa(), 'image/x-tga', 'image'],
    ['a texture', 'a.dds', latin1('DDS |\0\0\0\x07\x10\0\0'), 'image/vnd.ms-dds', 'image'],
    ['a film', 'a.mp4', samples.mp4(), 'video/mp4', 'video'],
    ['a film', 'a.webm', samples.webm(), 'video/webm', 'video'],
    ['a sound', 'a.wav', samples.wav(), 'audio/wav', 'audio'],
    ['a sound', 'a.ogg', samples.ogg(), 'audio/ogg', 'audio'],
    ['a sound', 'a.mp3', samples.mp3(), 'audio/mpeg', 'audio'],
    ['a paper', 'a.pdf', samples.pdf(), 'application/pdf', 'document'],
    ['a page', 'a.html', samples.html(), 'text/html', 'document'],
    ['a bare page', 'a.html', latin1('Hello.\n'), 'text/html', 'document'],
    ['a text', 'a.txt', latin1('Hello.\n'), 'text/plain', 'document'],
    ['a text in UTF-16', 'a.txt', utf16('Hello.\n'), 'text/plain', 'document'],
    ['a text', 'README', Buffer.from('Привет 👋\n'), 'text/plain', 'document'],
    ['a text', 'a.md', latin1('<!-- toc -->\n# Chair\n'), 'text/markdown', 'document'],
    ['a table', 'a.csv', latin1('name,price\nchair,9\n'), 'text/csv', 'document'],
    ['a style', 'a.css', latin1('a{color:red}'), 'text/css', 'document'],
    ['a script', 'a.js', latin1('alert(1)'), 'text/javascript', 'document'],
    ['a program, no film', 'a.ts', latin1('export const a = 1\n'), 'text/plain', 'document'],
    ['data', 'a.json', latin1('[1, 2]'), 'application/json', 'document'],
    ['data', 'a.xml', latin1('<?xml version="1.0"?><a/>'), 'application/xml', 'document'],
    ['a letter', 'a.rtf', latin1('{\\rtf1 Hello}'), 'application/rtf', 'document'],
    ['an empty text', 'a.txt', Buffer.alloc(0), 'text/plain', 'document'],
    ['an empty file', 'a.bin', Buffer.alloc(0), UNKNOWN, 'other'],
    ['unknown bytes', 'a.bin', latin1('\x01\x02\x03\xff\xfe'), UNKNOWN, 'other'],
  ])
})

describe('detectContent, models', () => {
  const STEP = latin1("ISO-10303-21;\nHEADER;\nFILE_DESCRIPTION((''),'2;1');\n")
  const IGES = latin1(`${'An exported part'.padEnd(72)}S      1\n`)
  table(() => [
    ['glTF', 'a.glb', samples.glb(), 'model/gltf-binary', 'model'],
    ['glTF', 'a.gltf', samples.gltf(), 'model/gltf+json', 'model'],
    ['glTF, "asset" last', 'a.gltf', longGltf(), 'model/gltf+json', 'model'],
    ['OBJ', 'A.OBJ', samples.obj(), 'model/obj', 'model'],
    ['OBJ under a long comment', 'a.obj', latin1('# so long\n'.repeat(500)), 'model/obj', 'model'],
    ['OBJ in UTF-16', 'a.obj', utf16('# A point\r\nv 0 0 0\r\n'), 'model/obj', 'model'],
    ['OBJ in Latin-1', 'a.obj', latin1('# caf\xe9\nv 0 0 0\n'), 'model/obj', 'model'],
    ['OBJ materials', 'a.mtl', samples.mtl(), 'model/mtl', 'model'],
    ['STL as text', 'a.stl', samples.stlAscii(), 'model/stl', 'model'],
    ['binary STL', 'a.stl', samples.stlBinary(), 'model/stl', 'model'],
    ['binary STL', 'a', samples.stlBinary(200, 'BM'), 'model/stl', 'model'],
    ['binary STL of nothing', 'a.stl', samples.stlBinary(0), 'model/stl', 'model'],
    ['Collada', 'a.dae', samples.dae(), 'model/vnd.collada+xml', 'model'],
    [
      'Collada in UTF-16',
      'a.dae',
      utf16('<?xml version="1.0"?><COLLADA/>'),
      'model/vnd.collada+xml',
      'model',
    ],
    ['X3D', 'a.x3d', latin1('<?xml version="1.0"?>\n<!DOCTYPE X3D>\n<X3D>'), 'model/x3d+xml', 'model'],
    ['VRML', 'a.wrl', latin1('#VRML V2.0 utf8\n'), 'model/vrml', 'model'],
    ['STEP', 'a.step', STEP, 'model/step', 'model'],
    ['IGES', 'a.igs', IGES, 'model/iges', 'model'],
    ['DXF', 'a.dxf', latin1('999\nby hand\n  0\nSECTION\n  2\nHEADER\n'), 'image/vnd.dxf', 'model'],
    ['USD', 'a.usda', latin1('#usda 1.0\n'), 'model/vnd.usda', 'model'],
    ['USD', 'a.usdz', samples.usdz(), 'model/vnd.usdz+zip', 'model'],
    ['3MF', 'a.3mf', samples.threeMf(), 'model/3mf', 'model'],
    ['FBX', 'a.fbx', samples.fbx(), 'application/vnd.autodesk.fbx', 'model'],
    ['FBX as text', 'a.fbx', latin1('; FBX 7.5.0 project file\n'), 'application/vnd.autodesk.fbx', 'model'],
    ['Blender', 'a.blend', samples.blend(), 'application/x-blender', 'model'],
    ['Blender, compressed', 'a.blend', gzipSync(samples.blend()), 'application/x-blender', 'model'],
    ['3D Studio', 'a.3ds', latin1('MM\x10\0\0\0\x02\0\x0a\0\0\0\x03\0\0\0'), 'application/x-3ds', 'model'],
    ['PLY', 'a.ply', samples.plyAscii(), UNKNOWN, 'model'],
    ['binary PLY', 'a.ply', latin1('ply\nformat binary_little_endian 1.0\n\0'), UNKNOWN, 'model'],
    ['OFF', 'a.off', latin1('OFF\n8 6 0\n'), UNKNOWN, 'model'],
    ['LightWave, no sound', 'a.lwo', latin1('FORM\0\0\0\x0cLWO2TAGS\0\0\0\0'), UNKNOWN, 'model'],
  ])
})

describe('detectContent, containers', () => {
  const CFB = Buffer.concat([latin1('\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1'), Buffer.alloc(504)])
  const DOCX = 'application/vnd.openxmlformats-officedocument.wordprocessingml.document'
  table(() => [
    ['a zip', 'a.zip', samples.zip(), 'application/zip', 'archive'],
    ['a gzip', 'a.gz', gzipSync('chair'), 'application/gzip', 'archive'],
    ['Word', 'a.docx', samples.docx(), DOCX, 'document'],
    ['Word with its parts beyond the head', 'a.docx', longDocx(), DOCX, 'document'],
    ['Word before 2007', 'a.doc', CFB, 'application/msword', 'document'],
    ['an unknown compound file', 'a.db', CFB, 'application/x-cfb', 'other'],
    ['OpenDocument', 'a.odt', samples.odt(), 'application/vnd.oasis.opendocument.text', 'document'],
    ['a zip called Word', 'a.docx', samples.zip(), 'application/zip', 'archive'],
    ['a zip called USD', 'a.usdz', samples.zip(), 'application/zip', 'archive'],
    ['a zip called 3MF', 'a.3mf', samples.zip(), 'application/zip', 'archive'],
  ])
})

describe('detectContent, files whose content and name differ', () => {
  table(() => [
    ['a page', 'cat.png', samples.htmlNamedPng(), 'text/html', 'document'],
    ['a script tag', 'cat.png', latin1('\n <script>alert(1)</script>'), 'text/html', 'document'],
    ['a comment', 'cat.jpg', latin1('<!-- x --><i>hi</i>'), 'text/html', 'document'],
    ['a page in Latin-1', 'cat.gif', latin1('<html>caf\xe9</html>'), 'text/html', 'document'],
    ['a page', 'chair.svg', samples.html(), 'text/html', 'document'],
    ['a drawing', 'cat.png', samples.svgWithScript(), 'image/svg+xml', 'image'],
    ['a drawing', 'cat.txt', samples.svg(), 'image/svg+xml', 'image'],
    ['a picture', 'chair.html', samples.png(), 'image/png', 'image'],
    ['a picture', 'chair.stl', samples.png(), 'image/png', 'image'],
    ['a film', 'chair.obj', samples.mp4(), 'video/mp4', 'video'],
    ['text', 'chair.glb', latin1('glTF is a format.'), 'text/plain', 'document'],
    ['text', 'chair.stl', latin1('solid advice for chairs'), 'text/plain', 'document'],
    ['text', 'chair.obj', latin1('vast plains\n'), 'text/plain', 'document'],
    ['only comments', 'chair.obj', latin1('# nothing\n'), 'text/plain', 'document'],
    ['text', 'chair.svg', latin1('no drawing'), 'text/plain', 'document'],
    ['text', 'song.mp3', latin1('ID3 is a tag.'), 'text/plain', 'document'],
    ['text', 'car.bmp', latin1('BMW makes cars.'), 'text/plain', 'document'],
    ['JSON', 'chair.gltf', latin1('{"chair": true}'), 'text/plain', 'document'],
    ['broken JSON', 'a.json', latin1('{"chair": '), 'text/plain', 'document'],
    ['an object file', 'chair.obj', latin1('\x64\x86\x02\0\0\0\0\0\x01'), UNKNOWN, 'other'],
    ['an STL cut short', 'a.stl', samples.stlBinary(9).subarray(0, 300), UNKNOWN, 'other'],
    ['no UTF-8', 'a.txt', latin1('caf\xe9'), UNKNOWN, 'other'],
    ['UTF-8 cut short', 'a.txt', Buffer.from('é').subarray(0, 1), UNKNOWN, 'other'],
    ['a NUL', 'a.txt', latin1('text\0'), UNKNOWN, 'other'],
    [
      'numbers that begin like an icon',
      'a.bin',
      Buffer.from(new Uint32Array(16).fill(0x10000).buffer),
      UNKNOWN,
      'other',
    ],
  ])
})

describe('detectContent', () => {
  it('detectContent – character split at the end of the head → text', async () => {
    const text = Buffer.from(`${'a'.repeat(HEAD_BYTES - 1)}é`)
    expect((await tell('a.txt', text)).mediaType).to.equal('text/plain')
  })

  it('detectContent – any bytes under any name → an answer', async () => {
    const beginnings = [
      '',
      'PK\x03\x04',
      '\x1f\x8b\x08',
      'RIFF',
      'FORM',
      '\xff\xfe',
      '<svg',
      '{',
      'MM',
      'ID3',
      '\x1aE\xdf\xa3',
      '\xd0\xcf\x11\xe0',
    ]
    const extension = fc.constantFrom(
      '',
      '.png',
      '.obj',
      '.gltf',
      '.stl',
      '.3ds',
      '.tga',
      '.docx',
      '.constructor',
      '.__proto__',
    )
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...beginnings),
        fc.uint8Array({ maxLength: 600 }),
        extension,
        async (beginning, rest, ending) => {
          const told = await tell(`a${ending}`, Buffer.concat([latin1(beginning), rest]))
          expect(told.mediaType).to.match(/^[a-z]+\/[\w.+-]+$/i)
          expect(MEDIA).to.include(told.media)
        },
      ),
      { numRuns: 300 },
    )
  })

  it('detectContent – text made to be slow to parse → bounded time', async () => {
    const begin = cpuTime()
    for (const text of [
      '<!--'.repeat(4000),
      '<!---->'.repeat(2000),
      `ply\n${'comment '.repeat(2000)}`,
      `solid ${' '.repeat(9000)}`,
      `<!DOCTYPE ${'['.repeat(9000)}`,
      `999\n${' '.repeat(9000)}`,
    ]) {
      for (const name of ['a.svg', 'a.dxf', 'a']) await detectContent(name, latin1(text), text.length)
    }
    expect(cpuTime() - begin).to.be.below(1000)
  })
})

function targa(): Buffer {
  return Buffer.concat([latin1('\0\0\x02\0\0\0\0\0\0\0\0\0\x04\0\x04\0\x18\0'), Buffer.alloc(48)])
}

function longGltf(): Buffer {
  return latin1(`{"buffers": [{"uri": "data:;base64,${'A'.repeat(9000)}"}], "asset": {"version": "2.0"}}`)
}

function longDocx(): Buffer {
  return samples.zip({ '[Content_Types].xml': ' '.repeat(9000), 'word/document.xml': '<w:document/>' })
}
