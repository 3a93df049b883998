import pinoPretty from 'pino-pretty'
import type { LogOutput } from './log-output.ts'

type Output = Pick<LogOutput, 'write'>

/** Creates an output that writes each JSON line of the log as a line for people. */
export function createPrettyOutput(output: Output, { colorize }: { colorize: boolean }): Output {
  const format = pinoPretty.prettyFactory({
    colorize,
    ignore: 'pid,hostname',
    singleLine: true,
    translateTime: 'SYS:HH:MM:ss',
  })
  return { write: (line) => output.write(format(line)) }
}
