import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { compiled } from './compiled.ts'

/** Creates an executable `mongod` in a new folder and returns its path. Without a script it is the fake one, which works. */
export async function makeMongod(
  folder: string,
  script = `exec '${process.execPath}' '${compiled('test/support/app/fake-mongod.ts')}' "$@"`,
): Promise<string> {
  await mkdir(folder, { recursive: true })
  const path = join(folder, 'mongod')
  await writeFile(path, `#!/bin/sh\n${script}\n`, { mode: 0o755 })
  return path
}
