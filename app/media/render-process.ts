import { writeFile } from 'node:fs/promises'
import { type Rendered, type RenderJob, render } from './render.ts'

/** The answer of the renderer: a picture and the memory of the process in bytes, or the error. */
export type RenderAnswer = (Rendered & { rss: number }) | { error: string }

// Ignores signals to the process group (Ctrl-C), so that the parent can finish its pictures. This process ends when the
// parent disconnects. At SIGUSR1, Node would open a debugger.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1'])
  process.on(signal, () => undefined)

// Where memory is short, Linux ends this process instead of the service: only its picture is lost. Other systems have no
// such file.
writeFile('/proc/self/oom_score_adj', '1000').catch(() => undefined)

process.on('message', async (job: RenderJob) => {
  const answer: RenderAnswer = await render(job).then(
    (rendered) => ({ ...rendered, rss: process.memoryUsage.rss() }),
    (error: unknown) => ({ error: String(error) }),
  )
  process.send?.(answer)
})
