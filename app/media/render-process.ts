import { PictureTooLarge } from './limit-frames.ts'
import { MemoryShort, type Rendered, type RenderJob, render } from './render.ts'

/** Why there is no picture: the memory is not enough, the picture is over a limit, or it cannot be read. */
type RenderFailure = 'memory' | 'limit' | 'broken'

/** The answer of the renderer: a picture and the memory of the process in bytes, or the error. */
export type RenderAnswer = (Rendered & { rss: number }) | { error: string; failure: RenderFailure }

/** The message of libvips when the system refuses memory. */
const OUT_OF_MEMORY = /out of memory/i

// Ignores signals to the process group (Ctrl-C), so that the parent can finish its pictures. This process ends when the
// parent disconnects. At SIGUSR1, Node would open a debugger.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1'])
  process.on(signal, () => undefined)

process.on('message', async (job: RenderJob) => {
  const answer: RenderAnswer = await render(job).then(
    (rendered) => ({ ...rendered, rss: process.memoryUsage.rss() }),
    (error: unknown) => ({
      error: error instanceof PictureTooLarge ? error.message : String(error),
      failure: failureOf(error),
    }),
  )
  process.send?.(answer)
})

function failureOf(error: unknown): RenderFailure {
  if (error instanceof PictureTooLarge) return 'limit'
  return error instanceof MemoryShort || OUT_OF_MEMORY.test(String(error)) ? 'memory' : 'broken'
}
