import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { mongo } from 'mongoose'
import { BackupError, fileOf, type LinesFile, type ObjectEntry, writing } from './format.ts'

const { EJSON } = mongo.BSON
/** Characters of a backup file that are collected before they are written. */
const BUFFER_CHARACTERS = 256 * 1024

/** Writes values as lines of canonical Extended JSON into a new file that only its owner can read. */
export class LineWriter {
  #hash = createHash('sha256')
  #lines = 0
  #text = ''

  private constructor(
    private readonly name: string,
    private readonly file: FileHandle,
  ) {}

  static async create(dir: string, name: string): Promise<LineWriter> {
    return new LineWriter(fileOf(name), await writing(open(join(dir, fileOf(name)), 'wx', 0o600)))
  }

  async write(value: object): Promise<void> {
    this.#text += `${EJSON.stringify(value, { relaxed: false })}\n`
    this.#lines++
    if (this.#text.length > BUFFER_CHARACTERS) await this.#flush()
  }

  /** Syncs and closes the file. Returns its entry for the manifest. */
  async close(): Promise<LinesFile> {
    await this.#flush()
    await writing(this.file.sync())
    await this.file.close()
    return { name: this.name, lines: this.#lines, sha256: this.#hash.digest('hex') }
  }

  async #flush(): Promise<void> {
    const text = this.#text
    this.#text = ''
    this.#hash.update(text)
    await writing(this.file.appendFile(text))
  }

  /** Closes the file without its last lines. */
  async discard(): Promise<void> {
    await this.file.close()
  }
}

/** Yields the documents of a file with their original BSON types. */
export const readDocuments = (dir: string, file: LinesFile) => readLines<mongo.Document>(dir, file, false)

/** Yields the documents of a file, with plain JavaScript numbers. */
export const readFields = <T>(dir: string, file: LinesFile) => readLines<T>(dir, file, true)

/** Yields the object entries of a file. */
export const readEntries = (dir: string, file: LinesFile) => readFields<ObjectEntry>(dir, file)

async function* readLines<T>(dir: string, { name }: LinesFile, relaxed: boolean): AsyncGenerator<T> {
  const input = createReadStream(join(dir, name))
  for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY }))
    yield EJSON.parse(line, { relaxed }) as T
}

const LINE_END = 10

/**
 * Compares a file with its checksum and its number of lines in the manifest.
 *
 * @throws BackupError when the file is missing or damaged
 */
export async function verifyLines(dir: string, { name, lines, sha256 }: LinesFile): Promise<void> {
  const hash = createHash('sha256')
  let found = 0
  try {
    for await (const chunk of createReadStream(join(dir, name))) {
      hash.update(chunk)
      for (let at = chunk.indexOf(LINE_END); at >= 0; at = chunk.indexOf(LINE_END, at + 1)) found++
    }
  } catch (error) {
    throw new BackupError(`${name} cannot be read.`, { cause: error })
  }
  if (hash.digest('hex') !== sha256)
    throw new BackupError(`${name} is damaged: its checksum differs from the manifest.`)
  if (found !== lines) throw new BackupError(`${name} has ${found} lines; the manifest says ${lines}.`)
}
