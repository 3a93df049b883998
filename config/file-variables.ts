import { isUtf8 } from 'node:buffer'
import { closeSync, openSync, readSync } from 'node:fs'
import { getSystemErrorMap } from 'node:util'
import { FROM_FILES } from './variables.ts'

type Environment = Record<string, string | undefined>

/** End of the name of a variable that contains the path of a file with the value. */
const SUFFIX = '_FILE'
/** Largest file with a value, in bytes. */
const MAX_FILE_BYTES = 65_536

/** Returns the name of the variable that contains the path of a file with the value. */
export const fileVariable = (name: string): string => `${name}${SUFFIX}`

/** Names of all variables that contain the path of a file. */
export const FILE_VARIABLES: readonly string[] = FROM_FILES.map(fileVariable)

/**
 * Returns an environment without `_FILE` variables, in which the variables that they stand for have the contents of the
 * files. One line end is cut off. Adds a sentence to `errors` for each file that cannot be used. The sentences contain
 * neither contents nor paths: somebody can have set the secret where the path belongs.
 */
export function readFileVariables(environment: Environment, errors: string[]): Environment {
  const values = { ...environment }
  for (const name of FROM_FILES) {
    const variable = fileVariable(name)
    const path = values[variable]
    delete values[variable]
    if (!path) continue
    if (values[name]) {
      errors.push(`${name} and ${variable} are both set; set only one of them`)
      continue
    }
    try {
      values[name] = readValue(path)
    } catch (error) {
      errors.push(`${variable} ${reasonOf(error)}`)
    }
  }
  return values
}

function readValue(path: string): string {
  const bytes = readBytes(path)
  if (bytes.length > MAX_FILE_BYTES)
    throw new TypeError(`names a file of more than ${MAX_FILE_BYTES} bytes; it must contain only the value`)
  if (!isUtf8(bytes) || bytes.includes(0))
    throw new TypeError('names a file that is not text in UTF-8; it must contain only the value')
  const value = bytes.toString().replace(/\r?\n$/, '')
  if (value === '') throw new TypeError('names an empty file; write the value into it')
  return value
}

/** Reads a file, but not more than one byte above the limit. The file can be a pipe of the shell. */
function readBytes(path: string): Buffer {
  const bytes = Buffer.alloc(MAX_FILE_BYTES + 1)
  const file = openSync(path, 'r')
  try {
    let length = 0
    for (;;) {
      const read = readSync(file, bytes, length, bytes.length - length, null)
      length += read
      if (read === 0) return bytes.subarray(0, length)
    }
  } finally {
    closeSync(file)
  }
}

/** Returns why a file cannot be used. Messages of the system contain the path, so only their codes are used. */
function reasonOf(error: unknown): string {
  const { code, errno } = error as NodeJS.ErrnoException
  if (code === undefined || errno === undefined) return (error as Error).message
  if (code === 'EISDIR') return 'names a folder; it must be the path of a file that contains only the value'
  const [, message = 'error'] = getSystemErrorMap().get(errno) ?? []
  return `names a file that cannot be read: ${message} (${code})`
}
