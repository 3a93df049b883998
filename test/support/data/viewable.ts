/** Small files that a viewer can show, and files that try to reach what is not theirs. */

/** A font for English and one for Japanese, neither of which is in the PDF. */
const PDF_FONTS = [
  '/English << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>',
  '/Japanese << /Type /Font /Subtype /Type0 /BaseFont /HeiseiMin-W3-90ms-RKSJ-H /Encoding /90ms-RKSJ-H',
  '/DescendantFonts [<< /Type /Font /Subtype /CIDFontType0 /BaseFont /HeiseiMin-W3 /DW 1000',
  '/CIDSystemInfo << /Registry (Adobe) /Ordering (Japan1) /Supplement 2 >>',
  '/FontDescriptor << /Type /FontDescriptor /FontName /HeiseiMin-W3 /Flags 4 /FontBBox [0 -200 1000 900]',
  '/ItalicAngle 0 /Ascent 800 /Descent -200 /CapHeight 700 /StemV 80 >> >>] >>',
].join(' ')

/** Returns a PDF with pages of 200 by 200 points, each with a black square and a text in English and in Japanese. */
export function squarePdf(pages: number): Buffer {
  const square = [
    '0 0 0 rg 50 50 100 100 re f',
    'BT /English 12 Tf 20 175 Td (A page of paper) Tj ET',
    // in Shift JIS
    'BT /Japanese 12 Tf 20 20 Td <93fa967b8cea> Tj ET',
  ].join('\n')
  const kids = Array.from({ length: pages }, (_, page) => `${page + 4} 0 R`).join(' ')
  const objects = [
    '<< /Type /Catalog /Pages 2 0 R >>',
    `<< /Type /Pages /Count ${pages} /Kids [${kids}] /MediaBox [0 0 200 200] /Resources << /Font << ${PDF_FONTS} >> >> >>`,
    `<< /Length ${square.length} >>\nstream\n${square}\nendstream`,
    ...Array.from({ length: pages }, () => '<< /Type /Page /Parent 2 0 R /Contents 3 0 R >>'),
  ]
  let text = '%PDF-1.4\n'
  const places = objects.map((object, index) => {
    const place = text.length
    text += `${index + 1} 0 obj\n${object}\nendobj\n`
    return `${String(place).padStart(10, '0')} 00000 n \n`
  })
  const count = objects.length + 1
  const end = `trailer\n<< /Size ${count} /Root 1 0 R >>\nstartxref\n${text.length}\n%%EOF\n`
  return Buffer.from(`${text}xref\n0 ${count}\n0000000000 65535 f \n${places.join('')}${end}`, 'latin1')
}

const CORNERS = [0, 1, 2, 3, 4, 5, 6, 7].map((n) => [n & 1, (n >> 1) & 1, (n >> 2) & 1].join(' '))
const SIDES = ['1 3 4 2', '5 6 8 7', '1 2 6 5', '3 7 8 4', '1 5 7 3', '2 4 8 6']

/** Returns an OBJ of a cube with materials and a texture from a file. */
export const cubeObj = (library = 'cube.mtl'): Buffer =>
  Buffer.from(
    [
      `mtllib ${library}`,
      ...CORNERS.map((corner) => `v ${corner}`),
      ...['0 0', '1 0', '1 1', '0 1'].map((corner) => `vt ${corner}`),
      'usemtl skin',
      ...SIDES.map(
        (side) =>
          `f ${side
            .split(' ')
            .map((corner, at) => `${corner}/${at + 1}`)
            .join(' ')}`,
      ),
      '',
    ].join('\n'),
  )

export const cubeMtl = (texture = 'skin.png'): Buffer =>
  Buffer.from(`newmtl skin\nKd 1 1 1\nmap_Kd ${texture}\n`)

/** Returns a COLLADA of a triangle. @param unit in metres, as programs write it */
export const triangleDae = (unit: string): Buffer =>
  Buffer.from(
    [
      '<COLLADA xmlns="http://www.collada.org/2005/11/COLLADASchema" version="1.4.1">',
      `<asset><unit meter="${unit}"/></asset><library_geometries><geometry id="g"><mesh>`,
      '<source id="s"><float_array id="f" count="9">0 0 0 2 0 0 0 2 0</float_array><technique_common>',
      '<accessor source="#f" count="3" stride="3"><param type="float"/></accessor></technique_common></source>',
      '<vertices id="v"><input semantic="POSITION" source="#s"/></vertices><triangles count="1">',
      '<input semantic="VERTEX" source="#v" offset="0"/><p>0 1 2</p></triangles></mesh></geometry>',
      '</library_geometries><library_visual_scenes><visual_scene id="e"><node><instance_geometry url="#g"/>',
      '</node></visual_scene></library_visual_scenes><scene><instance_visual_scene url="#e"/></scene></COLLADA>',
    ].join(''),
  )

/** Returns an STL of a cube of 10 units. */
export function cubeStl(): Buffer {
  const corners = CORNERS.map((corner) => corner.split(' ').map((value) => Number(value) * 10))
  const triangles = SIDES.map((side) => side.split(' ').map((at) => corners[Number(at) - 1])).flatMap(
    ([a, b, c, d]) => [
      [a, b, c],
      [a, c, d],
    ],
  )
  const lines = triangles.map(
    (triangle) =>
      `facet normal 0 0 0\nouter loop\n${triangle.map((corner) => `vertex ${corner?.join(' ')}`).join('\n')}\nendloop\nendfacet`,
  )
  return Buffer.from(`solid cube\n${lines.join('\n')}\nendsolid cube\n`)
}

/** Returns a glTF of a moving triangle. */
export function movingGltf(): Buffer {
  const triangle = new Float32Array([0, 0, 0, 1, 0, 0, 0, 1, 0])
  const times = new Float32Array([0, 1])
  const places = new Float32Array([0, 0, 0, 1, 1, 1])
  const all = Buffer.concat([triangle, times, places].map((part) => Buffer.from(part.buffer)))
  const accessor = (bufferView: number, count: number, type: string, bounds = {}) => ({
    bufferView,
    count,
    type,
    componentType: 5126,
    ...bounds,
  })
  const clip = (name: string) => ({
    name,
    samplers: [{ input: 1, output: 2 }],
    channels: [{ sampler: 0, target: { node: 0, path: 'translation' } }],
  })
  return gltfOf({
    nodes: [{ mesh: 0 }],
    meshes: [{ primitives: [{ attributes: { POSITION: 0 } }] }],
    animations: [clip('Walk'), clip('Run')],
    accessors: [
      accessor(0, 3, 'VEC3', { min: [0, 0, 0], max: [1, 1, 0] }),
      accessor(1, 2, 'SCALAR', { min: [0], max: [1] }),
      accessor(2, 2, 'VEC3'),
    ],
    bufferViews: [
      { buffer: 0, byteOffset: 0, byteLength: 36 },
      { buffer: 0, byteOffset: 36, byteLength: 8 },
      { buffer: 0, byteOffset: 44, byteLength: 24 },
    ],
    buffers: [
      { byteLength: all.length, uri: `data:application/octet-stream;base64,${all.toString('base64')}` },
    ],
  })
}

/** A red square as a KTX2 texture with Basis Universal (ETC1S), made by ktx2-encoder 0.6.0. */
const RED_KTX2 = Buffer.from(
  [
    'q0tUWCAyMLsNChoKAAAAAAEAAAAIAAAACAAAAAAAAAAAAAAAAQAAAAEAAAABAAAAaAAAACwAAACUAAAAJAAAALgAAAAAAAAAgwAA',
    'AAAAAAA7AQAAAAAAAAEAAAAAAAAAAAAAAAAAAAAsAAAAAAAAAAIAKACjAQIAAwMAAAgAAAAAAAAAAAA/AAAAAAAAAAAA/////x8A',
    'AABLVFh3cml0ZXIAQmFzaXMgVW5pdmVyc2FsIDIuNTAAAAEAAQArAAAABQAAACsAAAAAAAAAAAAAAAAAAAABAAAAAAAAAAAAAAAB',
    'wAQAAAAAAACiApgTIAAAAADCAngJCwAmAAAAAAAAEAHABAAAAAAAAIIM/P///wcUwEQAAAAAAAASIQCYAAAAAAAAQAgBEwEAAAAA',
    'AEgbAWACQAAAAAAAEQgAAA==',
  ].join(''),
  'base64',
)

/** Returns a glTF of a triangle with a compressed red texture. */
export function redGltf(): Buffer {
  const corners = Buffer.from(new Float32Array([0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 1]).buffer)
  const all = Buffer.concat([corners, RED_KTX2])
  return gltfOf({
    extensionsUsed: ['KHR_texture_basisu'],
    extensionsRequired: ['KHR_texture_basisu'],
    nodes: [{ mesh: 0 }],
    meshes: [{ primitives: [{ attributes: { POSITION: 0, TEXCOORD_0: 1 }, material: 0 }] }],
    materials: [{ pbrMetallicRoughness: { baseColorTexture: { index: 0 }, metallicFactor: 0 } }],
    textures: [{ extensions: { KHR_texture_basisu: { source: 0 } } }],
    images: [{ bufferView: 2, mimeType: 'image/ktx2' }],
    accessors: [
      { bufferView: 0, count: 3, type: 'VEC3', componentType: 5126, min: [0, 0, 0], max: [1, 1, 0] },
      { bufferView: 1, count: 3, type: 'VEC2', componentType: 5126 },
    ],
    bufferViews: [
      { buffer: 0, byteOffset: 0, byteLength: 36 },
      { buffer: 0, byteOffset: 36, byteLength: 24 },
      { buffer: 0, byteOffset: 60, byteLength: RED_KTX2.length },
    ],
    buffers: [
      { byteLength: all.length, uri: `data:application/octet-stream;base64,${all.toString('base64')}` },
    ],
  })
}

const gltfOf = (more: object) =>
  Buffer.from(JSON.stringify({ asset: { version: '2.0' }, scene: 0, scenes: [{ nodes: [0] }], ...more }))

/** Returns a glTF whose bytes are at an address. */
export const gltfFrom = (uri: string): Buffer =>
  gltfOf({
    nodes: [{ mesh: 0 }],
    meshes: [{ primitives: [{ attributes: { POSITION: 0 } }] }],
    accessors: [{ bufferView: 0, count: 3, type: 'VEC3', componentType: 5126 }],
    bufferViews: [{ buffer: 0, byteLength: 36 }],
    buffers: [{ byteLength: 36, uri }],
  })

/** Returns a glTF whose nodes contain each other. */
export const endlessGltf = (): Buffer => gltfOf({ nodes: [{ children: [1] }, { children: [0] }] })

/** Returns a glTF that says it has billions of points. */
export const hugeGltf = (): Buffer =>
  gltfOf({
    nodes: [{ mesh: 0 }],
    meshes: [{ primitives: [{ attributes: { POSITION: 0 } }] }],
    accessors: [{ count: 4e9, type: 'VEC3', componentType: 5126 }],
  })
