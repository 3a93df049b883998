import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

const STATE_FILE = 'state.json'

/** The server that runs in a folder, or ran there last. The file exists once a server has accepted connections. */
export interface MongodState {
  /** Path of the Unix socket. */
  socket: string
  pid: number
  /** Start time of the process, or '' if unknown. Needed because the system reuses process ids. */
  started: string
}

/** Returns the state, or null if no server has run in the folder. */
export async function readState(dir: string): Promise<MongodState | null> {
  try {
    return JSON.parse(await readFile(join(dir, STATE_FILE), 'utf8'))
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw error
  }
}

/** Writes the state atomically. */
export async function writeState(dir: string, state: MongodState): Promise<void> {
  const temporary = join(dir, `${STATE_FILE}.part`)
  await writeFile(temporary, `${JSON.stringify(state)}\n`, { mode: 0o600, flush: true })
  await rename(temporary, join(dir, STATE_FILE))
}
