/**
 * `npx tsx test/runs/large-zip.ts [GiB]`: uploads a sparse file of 5 GiB and two small ones to a compiled service, on the
 * disk, and downloads them as one zip of more than 4 GB. Checks it with every installed program, and continues a broken
 * download of it. Needs three times its size on the disk; prints what each program took.
 */
import { mkdtemp, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { register } from '../support/app/client.ts'
import { killAll, startProcess } from '../support/app/process.ts'
import { runZipProgram, ZIP_PROGRAMS } from '../support/data/zip-programs.ts'
import { outputOf, runProgram } from '../support/programs.ts'

const size = Math.round(Number(process.argv[2] ?? 5) * 1024 ** 3)
const folder = await mkdtemp(join(process.env.LARGE_ZIP_FOLDER ?? tmpdir(), 'kura-large-zip-'))
const say = (text: string) => process.stdout.write(`${text}\n`)

async function timed<T>(what: string, work: () => Promise<T>): Promise<T> {
  const begun = Date.now()
  const result = await work()
  say(`${what}: ${((Date.now() - begun) / 1000).toFixed(1)} s`)
  return result
}

async function run(): Promise<void> {
  const { origin, output } = await startProcess({
    DATA_DIR: join(folder, 'data'),
    MAX_FILE_BYTES: String(size),
  })
  const { token } = await register(origin)
  const large = join(folder, 'large.bin')
  const small = join(folder, 'first.txt')
  await writeFile(large, '')
  await writeFile(small, 'small')
  await truncate(large, size)
  const uploaded = await timed('upload', () =>
    outputOf('curl', [
      ...['-sS', '-H', `Authorization: Bearer ${token}`, '-F', 'visibility=public'],
      ...['-F', `files=@${small}`, '-F', `files=@${large}`, '-F', `files=@${small};filename=last.txt`],
      `${origin}/api/assets`,
    ]).catch((error) => {
      say(output())
      throw error
    }),
  )
  const { asset } = (JSON.parse(uploaded) as { res: { asset: { id: string } } }).res
  await rm(large)
  const url = `${origin}/api/assets/${asset.id}/download`
  const zip = join(folder, 'a.zip')
  await timed('download', () => outputOf('curl', ['-sSf', '-o', zip, url]))
  const length = (await stat(zip)).size
  say(`zip of ${length} bytes`)
  for (const { name, needs, check } of ZIP_PROGRAMS) {
    if ((await runProgram('which', [needs])).status === 0)
      await timed(name, () => runZipProgram(check, zip)).then(
        (output) => say(`  ${output.trim().split('\n').at(-1)}`),
        (error) => fail(`${name}: ${error}`),
      )
    else say(`${name}: not installed`)
  }
  const digest = await outputOf('sha256sum', [zip])
  await truncate(zip, length - 1_000_000)
  await timed('curl -C -', () => outputOf('curl', ['-sSf', '-C', '-', '-o', zip, url]))
  if ((await outputOf('sha256sum', [zip])) === digest) say('the continued download is the same zip')
  else fail('the continued download is another zip')
}

function fail(message: string): void {
  say(`FAILED ${message}`)
  process.exitCode = 1
}

try {
  await run()
} finally {
  await killAll()
  await rm(folder, { recursive: true, force: true })
}
