import { execFile } from 'node:child_process'
import { constants } from 'node:fs'
import { access, stat } from 'node:fs/promises'
import { delimiter, isAbsolute, join, resolve } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Milliseconds that `mongod --version` can take. */
const VERSION_MS = 15_000

/** A MongoDB server program of this machine. */
export interface Mongod {
  path: string
  version: string
  environment: Environment
}

/** Variables that `mongod` gets. It gets no others, because they can be secrets of the service. */
export interface Environment {
  readonly PATH: string
  readonly HOME: string
}

/** The configured or installed `mongod` cannot be used. The message is written for operators. */
export class MongodError extends Error {
  override readonly name = 'MongodError'
}

/**
 * Returns the `mongod` of a path, after it has printed its version.
 *
 * @throws MongodError when it is missing or is not a MongoDB server
 */
export async function readMongod(given: string, environment: Environment): Promise<Mongod> {
  const path = resolve(given)
  const options = { timeout: VERSION_MS, env: { ...environment } }
  const { stdout } = await run(path, ['--version'], options).catch((error: Error) => {
    throw new MongodError(`${path} cannot be run: ${reasonOf(error)}.`, { cause: error })
  })
  const [, version] = /\bdb version v(\d+\.\d+\S*)/.exec(stdout) ?? []
  if (!version) throw new MongodError(`${path} is not a MongoDB server: it prints no \`db version\`.`)
  return { path, version, environment }
}

/** Returns the path of the first `mongod` on the PATH, or null. Ignores relative folders of the PATH. */
export async function mongodOnPath({ PATH }: Environment): Promise<string | null> {
  for (const folder of PATH.split(delimiter).filter(isAbsolute)) {
    const path = join(folder, 'mongod')
    if (await isExecutable(path)) return path
  }
  return null
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK)
    return (await stat(path)).isFile()
  } catch {
    return false
  }
}

function reasonOf(error: Error): string {
  const { code, signal, killed } = error as { code?: unknown; signal?: unknown; killed?: boolean }
  if (killed) return `\`--version\` took longer than ${VERSION_MS / 1000} s`
  if (code === 'ENOENT') return 'it does not exist'
  if (code === 'EACCES') return 'it is not executable'
  if (signal === 'SIGILL') return 'this processor lacks instructions that it needs'
  return signal ? `it ended with ${signal}` : `its exit code is ${code}`
}
