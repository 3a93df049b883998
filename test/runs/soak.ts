/**
 * `npm run soak [-- --kills N] [-- --life ANSWERS]`: kills the service again and again under load, on the disk and the
 * embedded database, or on those that MONGODB_URI and S3_ENDPOINT name; prints a report, with exit code 1 for an
 * error.
 */
import { parseArgs } from 'node:util'
import { killAll } from '../support/app/process.ts'
import { runKills } from '../support/kill/run.ts'

const { values } = parseArgs({
  options: { kills: { type: 'string', default: '100' }, life: { type: 'string', default: '60' } },
})
const begun = Date.now()
const seconds = () => Math.round((Date.now() - begun) / 1000)
const progress = (kill: number, answers: number) =>
  process.stderr.write(`${kill} kills, ${answers} answers, ${seconds()} s\n`)
const report = await runKills({ kills: Number(values.kills), life: Number(values.life), progress }).finally(
  killAll,
)
const { kills, ground, answers, broken, assets, faults } = report
process.stdout.write(
  `${kills} kills in ${seconds()} s, on ${ground}: ${answers} answers, ${broken} requests cut off, ` +
    `${assets} acknowledged assets verified, ${faults.length} faults\n`,
)
for (const fault of faults) process.stdout.write(`  ${fault}\n`)
process.exitCode = faults.length > 0 ? 1 : 0
