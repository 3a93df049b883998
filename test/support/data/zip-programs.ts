import { fileURLToPath } from 'node:url'
import { outputOf, PYTHON } from '../programs.ts'

const JAVA_PROGRAM = fileURLToPath(new URL('./Unzip.java', import.meta.url))

/**
 * A program that reads zips, and shell commands that extract `$ZIP` into the folder `$OUT`, or only check it. They fail
 * when the zip is damaged.
 */
interface ZipProgram {
  name: string
  /** The program that must be installed. */
  needs: string
  extract: string
  check: string
}

const pythonZip = (method: string) =>
  `${PYTHON} -c 'import os, zipfile; zip = zipfile.ZipFile(os.environ["ZIP"]); ${method}'`

export const ZIP_PROGRAMS: readonly ZipProgram[] = [
  {
    name: 'ZipInputStream of Java, from a pipe',
    needs: 'javac',
    extract: 'cat "$ZIP" | java "$JAVA_PROGRAM" "$OUT"',
    check: 'cat "$ZIP" | java "$JAVA_PROGRAM"',
  },
  {
    name: 'bsdtar from a pipe',
    needs: 'bsdtar',
    extract: 'cat "$ZIP" | bsdtar -xf - -C "$OUT"',
    check: 'cat "$ZIP" | bsdtar -xOf - | wc -c',
  },
  {
    name: 'bsdtar',
    needs: 'bsdtar',
    extract: 'bsdtar -xf "$ZIP" -C "$OUT"',
    check: 'bsdtar -xOf "$ZIP" | wc -c',
  },
  { name: '7z', needs: '7z', extract: '7z x -bd -y -o"$OUT" "$ZIP"', check: '7z t -bd "$ZIP"' },
  { name: 'unzip', needs: 'unzip', extract: 'unzip -q "$ZIP" -d "$OUT"', check: 'unzip -tq "$ZIP"' },
  {
    name: 'zipfile of Python',
    needs: PYTHON,
    extract: pythonZip('zip.extractall(os.environ["OUT"])'),
    check: pythonZip('assert zip.testzip() is None'),
  },
]

/** Runs a command of a program with a zip, and with a folder to extract into. Returns its output. @throws when it fails */
export const runZipProgram = (command: string, zip: string, folder = ''): Promise<string> =>
  outputOf('bash', ['-euo', 'pipefail', '-c', command], {
    env: { ZIP: zip, OUT: folder, JAVA_PROGRAM },
  })
