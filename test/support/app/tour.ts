import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect } from 'chai'
import sharp from 'sharp'
import { Asset } from '../../../models/asset.ts'
import type { TestApp } from './app.ts'
import { storedBytes } from './state.ts'

const run = promisify(execFile)

/** Runs the tour of the README in a shell that reads it from standard input, as from a terminal. Checks what it does. */
export async function runTour(app: TestApp, folder: string, [shell, ...args]: [string, ...string[]]) {
  const tour = await run(process.execPath, ['scripts/print-tour.js'])
  const running = run(shell, args, { cwd: folder, env: { PATH: process.env.PATH, KURA: app.origin } })
  running.child.stdin?.end(tour.stdout)
  const { stdout, stderr } = await running

  const model = await readFile(join(folder, 'chair.obj'))
  const sha256 = createHash('sha256').update(model).digest('hex')
  expect(await readFile(join(folder, 'downloaded.obj'))).to.deep.equal(model)
  expect((await sharp(join(folder, 'chair.png')).metadata()).format).to.equal('png')
  expect(stdout.match(new RegExp(sha256, 'g')), stderr).to.have.length(3)
  for (const shown of ["[ 'Oak chair' ]", 'Oak stool', "[ 'read' ]", '"link_expired"', '"locked"'])
    expect(stdout).to.contain(shown)
  expect(stdout.trimEnd()).to.match(/'asset\.deleted'[\s\S]*"code":"not_found"[^\n]*$/)
  expect(await Asset.countDocuments()).to.equal(0)
  expect(await storedBytes(app)).to.equal(0)
  return { stdout, stderr }
}
