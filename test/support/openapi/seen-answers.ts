import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { documentedRoutes } from './document.ts'

const TESTS = fileURLToPath(new URL('../..', import.meta.url))

/** What a run of all tests, or of some, has found. */
export interface Run {
  /** Paths of the loaded test files. */
  files: string[]
  /** Whether every test passed or is marked as pending. */
  isGood: boolean
  /** The received answers: method, path of the route and status. */
  seen: string[]
}

/** Returns the paths of the test files that no run has loaded. */
export async function filesOutside(runs: Run[]): Promise<string[]> {
  const loaded = new Set(runs.flatMap(({ files }) => files))
  const names = await readdir(TESTS, { recursive: true })
  return names
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => join(TESTS, name))
    .filter((path) => !loaded.has(path))
}

/** Returns the documented answers with these statuses that no run has received. */
export function unseenIn(runs: Run[], statuses: RegExp): string[] {
  const seen = new Set(runs.flatMap((run) => run.seen))
  return documentedRoutes.flatMap(({ method, path, operation }) =>
    Object.keys(operation.responses)
      .filter((status) => statuses.test(status))
      .map((status) => `${method} ${path} ${status}`)
      .filter((answer) => !seen.has(answer)),
  )
}

/** Returns the documented successful answers that no run has received; none if a test has failed. */
export const missingAnswers = (runs: Run[]) =>
  runs.every(({ isGood }) => isGood) ? unseenIn(runs, /^2|304/) : []
