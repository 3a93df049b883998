import { decode, toBson } from '../values/codec.ts'
import { type Doc, own } from '../values/types.ts'

const HEADER_BYTES = 16
const OP_REPLY = 1
const OP_QUERY = 2004
const OP_MSG = 2013
const CHECKSUM_PRESENT = 1
const MORE_TO_COME = 2
/** Flag bits 0 to 15: a message with an unknown one must be refused. Other bits can be ignored. */
const REQUIRED_FLAGS = 0xffff

/** Bytes of the largest message, as in MongoDB. */
export const MAX_MESSAGE_BYTES = 48_000_000

/** One decoded message. */
export interface Request {
  id: number
  /** The message is an OP_QUERY, which is answered by OP_REPLY. Drivers send it first on a connection. */
  legacy: boolean
  body: Doc
  /** The sender expects no reply. */
  noReply: boolean
}

/** The bytes are not a valid message. The connection must be closed. */
class MalformedMessage extends Error {
  override name = 'MalformedMessage'
}

/**
 * Decodes one complete message.
 *
 * @throws MalformedMessage
 */
export function readMessage(message: Buffer): Request {
  const id = message.readInt32LE(4)
  const opcode = message.readInt32LE(12)
  try {
    if (opcode === OP_MSG) return { id, legacy: false, ...readSections(message) }
    if (opcode === OP_QUERY) return { id, legacy: true, noReply: false, body: readQuery(message) }
  } catch (cause) {
    throw new MalformedMessage('the message cannot be decoded', { cause })
  }
  throw new MalformedMessage(`unknown opcode ${opcode}`)
}

function readQuery(message: Buffer): Doc {
  const end = message.indexOf(0, HEADER_BYTES + 4)
  const collection = message.toString('utf8', HEADER_BYTES + 4, end)
  if (end < 0 || !collection.endsWith('.$cmd'))
    throw new MalformedMessage('OP_QUERY is for the handshake only')
  const { doc } = readDocument(message, end + 1 + 8)
  return { ...doc, $db: collection.slice(0, -'.$cmd'.length) }
}

function readSections(message: Buffer): { body: Doc; noReply: boolean } {
  const flags = message.readUInt32LE(HEADER_BYTES)
  if (flags & REQUIRED_FLAGS & ~(CHECKSUM_PRESENT | MORE_TO_COME))
    throw new MalformedMessage('unknown required flags')
  const end = message.length - (flags & CHECKSUM_PRESENT ? 4 : 0)
  let at = HEADER_BYTES + 4
  let body: Doc | undefined
  const sequences: Doc = {}
  while (at < end) {
    const kind = message[at]
    if (kind === 0) {
      if (body) throw new MalformedMessage('two bodies')
      const section = readDocument(message, at + 1)
      body = section.doc
      at = section.end
    } else if (kind === 1) at = readSequence(message, at + 1, sequences)
    else throw new MalformedMessage(`unknown section kind ${kind}`)
  }
  if (!body || at !== end) throw new MalformedMessage('no body, or sections of a wrong length')
  return { body: { ...body, ...sequences }, noReply: (flags & MORE_TO_COME) !== 0 }
}

function readSequence(message: Buffer, start: number, sequences: Doc): number {
  const end = start + message.readInt32LE(start)
  const nameEnd = message.indexOf(0, start + 4)
  if (nameEnd < 0 || end > message.length) throw new MalformedMessage('a section of a wrong length')
  const docs: Doc[] = []
  let at = nameEnd + 1
  while (at < end) {
    const { doc, end: next } = readDocument(message, at)
    docs.push(doc)
    at = next
  }
  if (at !== end) throw new MalformedMessage('a section of a wrong length')
  const name = message.toString('utf8', start + 4, nameEnd)
  if (own(sequences, name) !== undefined) throw new MalformedMessage('two sections of the same name')
  sequences[name] = docs
  return end
}

function readDocument(message: Buffer, at: number): { doc: Doc; end: number } {
  const end = at + message.readInt32LE(at)
  if (end > message.length || end < at + 5) throw new MalformedMessage('a document of a wrong length')
  return { doc: decode(message.subarray(at, end)), end }
}

/** Encodes the reply to a request, as OP_REPLY for OP_QUERY and as OP_MSG otherwise. */
export function writeReply({ id, legacy }: Pick<Request, 'id' | 'legacy'>, reply: Doc): Buffer {
  const body = toBson(reply)
  const head = Buffer.alloc(HEADER_BYTES + (legacy ? 20 : 5))
  head.writeInt32LE(head.length + body.length, 0)
  head.writeInt32LE(id, 8)
  head.writeInt32LE(legacy ? OP_REPLY : OP_MSG, 12)
  if (legacy) {
    head.writeInt32LE(8, HEADER_BYTES)
    head.writeInt32LE(1, HEADER_BYTES + 16)
  }
  return Buffer.concat([head, body])
}

/** Encodes a command for another server. */
export function writeCommand(command: Doc): Buffer {
  return writeReply({ id: 0, legacy: false }, command)
}

/** Bytes of the smallest message: a header. */
const MIN_MESSAGE_BYTES = 16

/** Splits a byte stream into messages. Chunks are joined once per message, so each byte is copied at most once. */
export class Frames {
  #chunks: Buffer[] = []
  #size = 0;

  /**
   * Adds a chunk and yields the messages that it completes.
   *
   * @throws MalformedMessage for an invalid length
   */
  *add(chunk: Buffer): Iterable<Buffer> {
    this.#chunks.push(chunk)
    this.#size += chunk.length
    for (;;) {
      const length = this.#nextLength()
      if (length === undefined || this.#size < length) return
      yield this.#take(length)
    }
  }

  #nextLength(): number | undefined {
    if (this.#size < 4) return undefined
    if ((this.#chunks[0]?.length ?? 0) < 4) this.#chunks = [Buffer.concat(this.#chunks)]
    const length = this.#chunks[0]?.readInt32LE(0) ?? 0
    if (length < MIN_MESSAGE_BYTES || length > MAX_MESSAGE_BYTES)
      throw new MalformedMessage(`a message of ${length} bytes`)
    return length
  }

  #take(length: number): Buffer {
    const [first] = this.#chunks
    const all = first && first.length >= length ? first : Buffer.concat(this.#chunks)
    const rest = all === first ? this.#chunks.slice(1) : []
    this.#chunks = all.length > length ? [all.subarray(length), ...rest] : rest
    this.#size -= length
    return all.subarray(0, length)
  }
}
