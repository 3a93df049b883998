import { readdir } from 'node:fs/promises'
import { join } from 'node:path'

const FOLDERS = ['app', 'commands', 'config', 'controllers', 'embedded', 'middleware', 'models', 'routes']

/** Returns the paths of all source files of the service, relative to the project. */
export async function sourceFiles(): Promise<string[]> {
  const found = await Promise.all(
    FOLDERS.map(async (folder) => {
      const entries = await readdir(folder, { recursive: true })
      return entries.filter((name) => name.endsWith('.ts')).map((name) => join(folder, name))
    }),
  )
  return [...found.flat(), 'server.ts'].sort()
}
