import { expect } from 'chai'
import { standardOutput } from '../../config/log-output.ts'
import { createLogger, logOutput } from '../../config/logger.ts'
import { createPrettyOutput } from '../../config/pretty-log.ts'

const terminal = (isTTY: boolean) => ({ isTTY, hasColors: () => false })

describe('log for people', () => {
  it('logOutput – terminal in development → lines for people; a pipe, or another NODE_ENV → JSON', async () => {
    expect(await logOutput({ pretty: true }, terminal(true))).to.not.equal(standardOutput)
    expect(await logOutput({ pretty: true }, terminal(false))).to.equal(standardOutput)
    expect(await logOutput({ pretty: false }, terminal(true))).to.equal(standardOutput)
  })

  it('createPrettyOutput – line with fields and an error → one readable line and the stack, no secret', () => {
    const lines: string[] = []
    const output = createPrettyOutput({ write: (line) => void lines.push(line) }, { colorize: false })
    const log = createLogger({ level: 'info' }, output)
    log.warn({ version: 3, password: 'hunter2' }, 'the database has an older schema')
    expect(lines.join('')).to.match(
      /^\[\d\d:\d\d:\d\d\] WARN: the database has an older schema \{"version":3\}\n$/,
    )
    log.error({ err: new Error('broken') }, 'failed')
    expect(lines.join(''))
      .to.contain('ERROR: failed')
      .and.to.contain('Error: broken')
      .and.to.contain('    at ')
    expect(lines.join('')).to.not.contain('hunter2')
  })
})
