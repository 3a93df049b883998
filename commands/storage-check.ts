/**
 * `npm run storage:check [-- --fix] [-- --grace SECONDS]`: compares the store with the documents and prints the
 * differences, with exit code 1. With `--fix`, repairs them. Objects younger than the grace period are ignored.
 */
import { parseArgs } from 'node:util'
import { describeFinding, describeFix } from '../app/maintenance/finding.ts'
import { checkStorage } from '../app/maintenance/integrity-check.ts'
import { refuseForeignStore } from '../app/storage/store-owner.ts'
import { runCommand } from './run-command.ts'
import { withContext } from './with-context.ts'

const HOUR_S = 3600

await runCommand((uri, config) => {
  const { values } = parseArgs({
    options: { fix: { type: 'boolean', default: false }, grace: { type: 'string' } },
  })
  const graceMs = Number(values.grace ?? HOUR_S) * 1000
  if (!(graceMs >= 0)) throw new Error('--grace takes a number of seconds.')
  return withContext(uri, config, async (context) => {
    await refuseForeignStore(context.store)
    const lines: string[] = []
    let problems = 0
    for await (const { finding, fixed } of checkStorage(context, { fix: values.fix, graceMs })) {
      const what = describeFinding(finding)
      lines.push(fixed ? `Fixed: ${what}.` : `Problem: ${what}; ${describeFix(finding)}.`)
      if (!fixed) problems++
    }
    if (problems > 0) process.exitCode = 1
    return lines.join('\n') || 'Store and documents agree.'
  })
})
