import { access, constants, mkdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Logger } from 'pino'

/**
 * Returns the folder for temporary files: that of the system, or one below `dataDir` if this process cannot write it, as
 * in a container with a read-only root. If neither can be written, only pictures are affected.
 */
export async function temporaryFolder(dataDir: string, log: Logger): Promise<string> {
  const usual = tmpdir()
  const problem = await writeProblem(usual)
  if (!problem) return usual
  const own = join(dataDir, 'tmp')
  const err = await mkdir(own, { recursive: true, mode: 0o700 }).then(
    () => writeProblem(own),
    (error) => error,
  )
  if (!err) return own
  log.warn(
    { err, folders: [usual, own] },
    'temporary files cannot be written: files get no thumbnails, preview images are refused. Set TMPDIR.',
  )
  return usual
}

const writeProblem = (folder: string) =>
  access(folder, constants.W_OK | constants.X_OK).then(
    () => null,
    (error: Error) => error,
  )
