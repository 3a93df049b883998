import { spawn, spawnSync } from 'node:child_process'
import { buffer } from 'node:stream/consumers'

/** Skips the tests of the hook, or the test, where one of these programs is not installed. */
export function requireProgram(hook: Mocha.Context, ...programs: string[]): void {
  if (!programs.every(isInstalled)) hook.skip()
}

const isInstalled = (program: string) => spawnSync('sh', ['-c', 'command -v "$0"', program]).status === 0

/** Python of the system, which has the packages of the distribution. */
export const PYTHON = '/usr/bin/python3'

/** Skips the tests of the hook, or the test, where Python cannot import a module. */
export function requirePython(hook: Mocha.Context, ...modules: string[]): void {
  const { status } = spawnSync(PYTHON, ['-c', `import ${['sys', ...modules].join(', ')}`])
  if (status !== 0) hook.skip()
}

interface Ended {
  status: number | null
  stdout: string
  stderr: string
}

/** Runs a program to its end, in a UTF-8 locale and without the user's configuration of it. */
export async function runProgram(
  program: string,
  args: string[],
  {
    cwd,
    input = '',
    env = {},
  }: { cwd?: string; input?: string | Uint8Array; env?: Record<string, string> } = {},
): Promise<Ended> {
  const child = spawn(program, args, {
    cwd,
    env: { ...process.env, LC_ALL: 'C.UTF-8', HOME: '/nonexistent', ...env },
  })
  child.stdin.on('error', () => undefined).end(input)
  const closed = new Promise<number | null>((resolve, reject) =>
    child.once('error', reject).once('close', resolve),
  )
  const [stdout, stderr, status] = await Promise.all([buffer(child.stdout), buffer(child.stderr), closed])
  return { status, stdout: stdout.toString(), stderr: stderr.toString() }
}

/** Runs a program and returns its output. @throws when it fails */
export async function outputOf(...how: Parameters<typeof runProgram>): Promise<string> {
  const { status, stdout, stderr } = await runProgram(...how)
  if (status !== 0) throw new Error(`${how[0]} ended with ${status}:\n${stderr}\n${stdout}`.slice(0, 3000))
  return stdout
}
