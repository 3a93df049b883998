/**
 * `npm run backup -- DIR [--objects]`: writes the documents and the checksums of all objects to a new folder. The service
 * can be running. Objects on disk are included; objects in a bucket only with `--objects`. Exit code 1 if some objects
 * are missing or damaged. A backup that fails or is stopped leaves no files.
 *
 * `npm run backup -- --verify DIR`: reads a whole backup and prints what is missing or damaged, with exit code 1. Needs
 * no database.
 */
import { backUp } from '../app/backup/back-up.ts'
import { BackupError } from '../app/backup/format.ts'
import { recordBackup } from '../app/backup/record-result.ts'
import { verifyBackup } from '../app/backup/verify.ts'
import { readArguments, runAlone, runCommand } from './run-command.ts'
import { withContext } from './with-context.ts'

const USAGE = 'Name one folder: npm run backup -- DIR'
const OPTIONS = {
  objects: { type: 'boolean', default: false },
  verify: { type: 'boolean', default: false },
} as const

const readGiven = () => readArguments(USAGE, OPTIONS, 1)

if (process.argv.includes('--verify')) await runAlone(verify)
else
  await runCommand(readGiven, async (uri, config, { values, positionals }) => {
    const [dir = ''] = positionals
    const stop = new AbortController()
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
      process.once(signal, () => stop.abort(new BackupError(`Stopped by ${signal}.`)))
    return withContext(uri, config, async (context) => {
      const objects = values.objects || context.store.kind === 'disk'
      const { manifest, errors, notes } = await recordBackup(
        () => backUp(context, dir, { objects, signal: stop.signal }),
        (err) => context.log.warn({ err }, 'the result of the backup could not be recorded for /metrics'),
      )
      if (errors.length > 0) process.exitCode = 1
      const { users, assets } = manifest.collections
      const what = manifest.objects.included ? 'objects' : 'checksums of objects'
      return [
        ...notes,
        ...errors.map((error) => `Not in the backup: ${error}`),
        `${users.lines} users, ${assets.lines} assets and ${manifest.objects.lines} ${what} are in ${dir}.`,
      ].join('\n')
    })
  })

async function verify(): Promise<string> {
  const [dir = ''] = readGiven().positionals
  const { manifest, problems } = await verifyBackup(dir)
  if (problems.length > 0) {
    process.exitCode = 1
    return [
      ...problems.map((problem) => `Problem: ${problem}`),
      `The backup in ${dir} is not complete.`,
    ].join('\n')
  }
  const { collections, objects, createdAt, schemaVersion = 0 } = manifest
  const read = objects.included
    ? `${objects.lines} objects (${objects.bytes} bytes)`
    : `the list of ${objects.lines} objects, which are in the bucket,`
  return `The backup of ${createdAt} is complete: ${collections.users.lines} users, ${collections.assets.lines} assets and ${read} were read and agree. Its schema version is ${schemaVersion}.`
}
