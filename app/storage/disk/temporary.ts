import { randomUUID } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { readFolder } from './file-system.ts'

/** The folder of unfinished files below a store's root: a name that no key can have. */
export const TEMPORARY = '.tmp'

/** A new name for an unfinished file; it tells the key and the time of its beginning. */
export const temporaryName = (key: string, begun = Date.now()) =>
  `${key.replaceAll('/', '+')}.${begun}.${randomUUID()}`

function parseTemporaryName(name: string) {
  const [key = '', begun] = name.split('.')
  return { key: key.replaceAll('+', '/'), begun: Number(begun) }
}

/** The unfinished files under a prefix. */
export async function* listTemporary(root: string, prefix: string) {
  for await (const { name } of readFolder(join(root, TEMPORARY))) {
    const { key, begun } = parseTemporaryName(name)
    if (key.startsWith(prefix)) yield { name, key, begunAt: new Date(begun) }
  }
}

/** Removes the unfinished files under a prefix that were begun before a time, or all; answers how many. */
export async function removeTemporary(root: string, prefix: string, before?: Date): Promise<number> {
  let removed = 0
  for await (const { name, begunAt } of listTemporary(root, prefix)) {
    if (before && begunAt >= before) continue
    await rm(join(root, TEMPORARY, name), { force: true })
    removed++
  }
  return removed
}
