import sharp from 'sharp'

/** Returns a GIF with a number of one-pixel frames, and these bytes after each frame. */
export function longGif(frames: number, between = Buffer.alloc(0)): Buffer {
  const header = Buffer.from('GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff', 'latin1')
  const frame = Buffer.from(',\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0', 'latin1')
  return Buffer.concat([header, repeat(Buffer.concat([frame, between]), frames), Buffer.from(';')])
}

/** Returns a WebP with a number of one-pixel frames (RFC 9649 §2.7). */
export async function longWebp(frames: number): Promise<Buffer> {
  const still = await sharp({ create: { width: 1, height: 1, channels: 3, background: 'red' } })
    .webp()
    .toBuffer()
  const frame = chunk(
    'ANMF',
    Buffer.concat([Buffer.alloc(12), Buffer.from([1, 0, 0, 0]), still.subarray(12)]),
  )
  const animation = [
    chunk('VP8X', Buffer.from([2, 0, 0, 0, 0, 0, 0, 0, 0, 0])),
    chunk('ANIM', Buffer.alloc(6)),
    repeat(frame, frames),
  ]
  return chunk('RIFF', Buffer.concat([Buffer.from('WEBP'), ...animation]))
}

function chunk(name: string, content: Buffer): Buffer {
  const size = Buffer.alloc(4)
  size.writeUInt32LE(content.length)
  return Buffer.concat([Buffer.from(name), size, content, Buffer.alloc(content.length % 2)])
}

const repeat = (bytes: Buffer, times: number) => Buffer.alloc(bytes.length * times, bytes)
