/**
 * `npm run storage:doctor`: tries everything that the service does with its store, says what is missing, and prints the
 * policy that the key of the bucket needs. Needs no database; the service can be running. Exit code 1 if the service
 * cannot work with the store.
 */
import { AppError } from '../app/errors.ts'
import type { SelfTest, StoreCheck } from '../app/storage/object-store.ts'
import { openStore } from '../app/storage/open-store.ts'
import { readArguments, runWithConfig } from './run-command.ts'

await runWithConfig(async (config) => {
  const store = await openStore(config.storage)
  try {
    const { checks, policy } = await store.selfTest({ thorough: true }).catch(describeAbsence)
    if (checks.some(({ outcome }) => outcome === 'failed')) process.exitCode = 1
    return [
      store.description,
      ...checks.map(lineOf),
      ...(policy ? ['', 'The key needs this policy:', JSON.stringify(policy, null, 2)] : []),
    ].join('\n')
  } finally {
    await store.close()
  }
}, readVariables)

function readVariables() {
  readArguments('Usage: npm run storage:doctor', {})
  return {}
}

/** Returns the result of a self-test that a store does not answer. */
function describeAbsence(error: unknown): SelfTest {
  if (!(error instanceof AppError) || !(error.cause instanceof Error)) throw error
  const message = `The store does not answer: ${error.cause.message}`
  return { checks: [{ name: 'connection', outcome: 'failed', message }], policy: null }
}

function lineOf({ name, outcome, message }: StoreCheck): string {
  return `${outcome.padEnd(7)} ${name}${message && `: ${message}`}`
}
