/**
 * `npm run backup -- DIR [--objects]`: writes the documents and the checksums of all objects to a new folder. The service
 * can be running. Objects on disk are included; objects in a bucket only with `--objects`. Exit code 1 if some objects
 * are missing or damaged.
 */
import { parseArgs } from 'node:util'
import { backUp } from '../app/backup/back-up.ts'
import { BackupError } from '../app/backup/format.ts'
import { runCommand } from './run-command.ts'
import { withContext } from './with-context.ts'

await runCommand((uri, config) => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { objects: { type: 'boolean', default: false } },
  })
  const [dir] = positionals
  if (!dir || positionals.length > 1) throw new BackupError('Name one folder: npm run backup -- DIR')
  return withContext(uri, config, async (context) => {
    const objects = values.objects || context.store.kind === 'disk'
    const { manifest, errors } = await backUp(context, dir, { objects })
    if (errors.length > 0) process.exitCode = 1
    const { users, assets } = manifest.collections
    const what = manifest.objects.included ? 'objects' : 'checksums of objects'
    return [
      ...errors.map((error) => `Not in the backup: ${error}`),
      `${users.lines} users, ${assets.lines} assets and ${manifest.objects.lines} ${what} are in ${dir}.`,
    ].join('\n')
  })
})
