/** `npm run space:reconcile`: recomputes the usage of every account and corrects it. The service can be running. */
import { describeDiscrepancy } from '../app/maintenance/finding.ts'
import { ORPHAN_GRACE_MS, reconcile } from '../app/maintenance/reconcile.ts'
import { refuseForeignStore } from '../app/storage/store-owner.ts'
import { readArguments, runCommand } from './run-command.ts'
import { withContext } from './with-context.ts'

const readGiven = () => readArguments('Usage: npm run space:reconcile', {})

await runCommand(readGiven, (uri, config) => {
  return withContext(uri, config, async ({ store }) => {
    await refuseForeignStore(store)
    const lines: string[] = []
    for await (const discrepancy of reconcile({ fix: true, before: new Date(Date.now() - ORPHAN_GRACE_MS) }))
      lines.push(`Corrected: ${describeDiscrepancy(discrepancy)}.`)
    return lines.join('\n') || 'The usage of every account is correct.'
  })
})
