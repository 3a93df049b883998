/**
 * `npm run storage:check [-- --fix] [-- --grace SECONDS]`: compares the store with the documents and prints the
 * differences, with exit code 1. With `--fix`, repairs them. Objects younger than the grace period are ignored.
 */
import { describeFinding, describeFix } from '../app/maintenance/finding.ts'
import { checkStorage } from '../app/maintenance/integrity-check.ts'
import { refuseForeignStore } from '../app/storage/store-owner.ts'
import { readArguments, runCommand, UsageError } from './run-command.ts'
import { withContext } from './with-context.ts'

const HOUR_S = 3600

const USAGE = 'Usage: npm run storage:check -- [--fix] [--grace SECONDS]'
const OPTIONS = { fix: { type: 'boolean', default: false }, grace: { type: 'string' } } as const

function readGiven() {
  const { values } = readArguments(USAGE, OPTIONS)
  const { fix, grace = String(HOUR_S) } = values
  if (!/^\d{1,9}$/.test(grace)) throw new UsageError('--grace takes a whole number of seconds.')
  return { fix, graceMs: Number(grace) * 1000 }
}

await runCommand(readGiven, (uri, config, { fix, graceMs }) => {
  return withContext(uri, config, async (context) => {
    await refuseForeignStore(context.store)
    const lines: string[] = []
    let problems = 0
    for await (const { finding, fixed } of checkStorage(context, { fix, graceMs })) {
      const what = describeFinding(finding)
      lines.push(fixed ? `Fixed: ${what}.` : `Problem: ${what}; ${describeFix(finding)}.`)
      if (!fixed) problems++
    }
    if (problems > 0) process.exitCode = 1
    return lines.join('\n') || 'Store and documents agree.'
  })
})
