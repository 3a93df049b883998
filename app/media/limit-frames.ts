import { closeSync, fstatSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs'

/** The picture is over a limit. The message is for clients. */
export class PictureTooLarge extends Error {}

/**
 * Most frames of an animation. If it has more, only its first frame is rendered, because libvips reads the headers of
 * all frames first: 6.6 million frames of a GIF took 717 MB, 50,000 frames of a WebP more than 10 s.
 */
export const MAX_FRAMES = 1000
/** Most chunks of a WebP: frames, metadata and unknown ones. libwebp keeps an entry in memory for each. */
const MAX_CHUNKS = 10_000

const GIF_EXTENSION = 0x21
const GIF_IMAGE = 0x2c
const GIF_TRAILER = 0x3b
const GIF_HEADER_BYTES = 13
const WEBP_HEADER_BYTES = 12

/**
 * Cuts a GIF or WebP file with more than 1,000 frames after its first frame. Does not change other files.
 *
 * @param path a file that can be changed, such as a temporary copy
 * @throws PictureTooLarge for a WebP with more than 10,000 chunks
 */
export function limitFrames(path: string): void {
  const fd = openSync(path, 'r+')
  try {
    if (!fstatSync(fd).isFile()) return
    const file = new ByteReader(fd)
    if (/^GIF8[79]a$/.test(file.text(0, 6))) limitGif(fd, file)
    else if (file.text(0, 4) === 'RIFF' && file.text(8, 4) === 'WEBP') limitWebp(fd, file)
  } finally {
    closeSync(fd)
  }
}

/** Reads the blocks of a GIF (GIF89a, appendix B), up to its end or a byte that begins no block: libvips reads no further. */
function limitGif(fd: number, file: ByteReader): void {
  let at = GIF_HEADER_BYTES + colourTableBytes(file.byte(10))
  let firstFrameEnd = at
  let frames = 0
  for (let block = file.byte(at); block !== undefined; block = file.byte(at)) {
    if (block === GIF_EXTENSION) {
      at = skipSubBlocks(file, at + 2)
    } else if (block === GIF_IMAGE) {
      // the descriptor, its colour table, and one byte before the data
      at = skipSubBlocks(file, at + 10 + colourTableBytes(file.byte(at + 9)) + 1)
      frames += 1
      if (frames === 1) firstFrameEnd = at
      if (frames > MAX_FRAMES) {
        endGif(fd, firstFrameEnd)
        return
      }
    } else {
      return
    }
  }
}

const colourTableBytes = (flags = 0) => (flags & 0x80 ? 3 << ((flags & 7) + 1) : 0)

function skipSubBlocks(file: ByteReader, start: number): number {
  let at = start
  for (let size = file.byte(at); size; size = file.byte(at)) at += size + 1
  return at + 1
}

function endGif(fd: number, at: number): void {
  writeSync(fd, Uint8Array.of(GIF_TRAILER), 0, 1, at)
  ftruncateSync(fd, at + 1)
}

/** Reads the chunks of a WebP (RFC 9649 §2.3). */
function limitWebp(fd: number, file: ByteReader): void {
  let firstFrameEnd = 0
  let frames = 0
  let at = WEBP_HEADER_BYTES
  for (let chunks = 1; ; chunks += 1) {
    const size = file.uint32(at + 4)
    if (size === undefined) return
    if (chunks > MAX_CHUNKS) throw new PictureTooLarge(`A WebP can have at most ${MAX_CHUNKS} chunks.`)
    const isFrame = file.text(at, 4) === 'ANMF'
    at += 8 + size + (size & 1)
    if (!isFrame) continue
    frames += 1
    if (frames === 1) firstFrameEnd = at
    if (frames > MAX_FRAMES) {
      endWebp(fd, firstFrameEnd)
      return
    }
  }
}

function endWebp(fd: number, end: number): void {
  const size = Buffer.alloc(4)
  size.writeUInt32LE(end - 8)
  writeSync(fd, size, 0, size.length, 4)
  ftruncateSync(fd, end)
}

/** Bytes read from an image file at a time. */
const WINDOW_BYTES = 64 * 1024

/** Reads single values of a file, at ascending positions. */
class ByteReader {
  #window = Buffer.alloc(WINDOW_BYTES)
  #from = 0
  #length = 0

  constructor(private readonly fd: number) {}

  /** Returns the byte at a position; undefined past the end. */
  byte(at: number): number | undefined {
    if (at < this.#from || at >= this.#from + this.#length) {
      this.#length = readSync(this.fd, this.#window, 0, WINDOW_BYTES, at)
      this.#from = at
    }
    return at < this.#from + this.#length ? this.#window[at - this.#from] : undefined
  }

  /** Returns a little-endian number; undefined when it does not lie within the file. */
  uint32(at: number): number | undefined {
    const bytes = this.#bytes(at, 4)
    return bytes.length === 4 ? bytes.readUInt32LE() : undefined
  }

  text(at: number, length: number): string {
    return this.#bytes(at, length).toString('latin1')
  }

  #bytes(at: number, length: number): Buffer {
    return Buffer.from(Array.from({ length }, (_, index) => this.byte(at + index) ?? []).flat())
  }
}
