import { readdir } from 'node:fs/promises'
import { join } from 'node:path'

const ROOMS = ['app', 'commands', 'config', 'controllers', 'embedded', 'middleware', 'models', 'routes']

/** Every source file of the service, by its path in the project. */
export async function sourceFiles(): Promise<string[]> {
  const found = await Promise.all(
    ROOMS.map(async (room) => {
      const entries = await readdir(room, { recursive: true })
      return entries.filter((name) => name.endsWith('.ts')).map((name) => join(room, name))
    }),
  )
  return [...found.flat(), 'server.ts'].sort()
}
