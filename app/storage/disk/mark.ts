import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { MARK } from '../object-store.ts'
import { diskCode, placeNew, syncFolder } from './file-system.ts'
import { TEMPORARY, temporaryName } from './write.ts'

/** Returns the content of the mark, or null if there is none. */
export async function readMark(root: string): Promise<string | null> {
  try {
    return await readFile(join(root, MARK), 'utf8')
  } catch (error) {
    if (diskCode(error) === 'ENOENT') return null
    throw error
  }
}

/** Writes the mark atomically. Keeps an existing mark unless `replace` is set. */
export async function writeMark(
  root: string,
  content: string,
  { replace }: { replace: boolean },
): Promise<void> {
  const temporary = join(root, TEMPORARY, temporaryName('mark'))
  const final = join(root, MARK)
  await writeFile(temporary, content, { flag: 'wx', mode: 0o600, flush: true })
  try {
    await (replace ? rename(temporary, final) : placeNew(temporary, final))
  } finally {
    await rm(temporary, { force: true })
  }
  await syncFolder(root)
}
