/**
 * `tsx test/support/openapi/check-runs.ts FOLDER`: checks the runs of tests that wrote a file into the folder
 * (KURA_TEST_RUNS). Together they must have loaded every test file and received every documented successful answer. Ends
 * with exit code 1 otherwise.
 */
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { filesOutside, missingAnswers, type Run } from './seen-answers.ts'

const folder = String(process.argv[2])
const runs: Run[] = []
for (const name of await readdir(folder)) runs.push(JSON.parse(await readFile(join(folder, name), 'utf8')))

const problems = [
  ...(await filesOutside(runs)).map((path) => `${path}: no run has loaded it`),
  ...missingAnswers(runs).map((answer) => `${answer}: no test has seen it`),
]
process.stdout.write(problems.map((problem) => `${problem}\n`).join(''))
process.exitCode = problems.length > 0 ? 1 : 0
