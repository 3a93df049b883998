import { type Rendered, type RenderJob, render } from './render.ts'

/** What the process that renders sends back: a picture and the memory it now holds, or why there is none. */
export type RenderAnswer = (Rendered & { rss: number }) | { fault: string }

// A signal to the whole group (Ctrl-C) must not cut off what the parent still wants to finish: this process
// ends when the parent lets go of it.
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => undefined)

process.on('message', async (job: RenderJob) => {
  const answer: RenderAnswer = await render(job).then(
    (rendered) => ({ ...rendered, rss: process.memoryUsage.rss() }),
    (error: unknown) => ({ fault: String(error) }),
  )
  process.send?.(answer)
})
