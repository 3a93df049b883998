import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { freemem, totalmem } from 'node:os'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { memoryLimit } from '../../config/machine.ts'
import { unavailable } from '../errors.ts'
import { FairQueue } from '../queues/fair-queue.ts'
import type { PictureMemory } from './picture-memory.ts'
import type { Rendered, RenderJob } from './render.ts'
import type { RenderAnswer } from './render-process.ts'

/**
 * On an ordinary machine a still picture of 20 million pixels takes at most 1 s, one of 200 million 1 to 2 s, as an AVIF 6 s
 * and more. An animation with the most pixels takes 4 to 6 s.
 */
const TIMES: RenderTimes = { stillMs: 20_000, animationMs: 2000 }
/** Time after which an idle renderer ends, in milliseconds. */
const IDLE_MS = 10_000
/** Memory of an idle renderer, in bytes. A renderer that holds more is replaced. */
const MAX_IDLE_BYTES = 200e6
/** Memory of a renderer without a picture, in bytes. */
const RENDERER_BYTES = 50e6
/** Memory of the service at least, in bytes. */
const SERVICE_BYTES = 80e6
/** Part of the free memory of the machine that a picture leaves to other programs and to the cache of the disk. */
const LEFT_SHARE = 0.25

/** The script of the renderer: TypeScript in the source tree, JavaScript in dist/. */
const SCRIPT = fileURLToPath(new URL(`./render-process${extname(import.meta.url)}`, import.meta.url))
/** Makes glibc return memory after each picture. Without it 20 pictures add up to 500 MB. */
const ENV = { MALLOC_ARENA_MAX: '2', MALLOC_TRIM_THRESHOLD_: '131072' }

/**
 * Renders one picture at a time, because memory is reserved for one. The users take turns, so that the pictures of one
 * user delay those of another user by at most one picture.
 */
export const renderQueue = new FairQueue({
  name: 'pictures',
  full: 'Too many images are being processed; try again later.',
  concurrency: 1,
  maxWaiting: 500,
})
let current: ChildProcess | undefined
let idle: NodeJS.Timeout | undefined

/** The picture cannot be rendered. The message is for the log. */
export class RenderError extends Error {}

/** The picture is over a limit: of its size, or of the time that it can take. The message is for clients. */
export class RenderLimit extends RenderError {}

/** The user who waits for a picture. */
export interface Requester {
  /** The id of the user, whose pictures share one place in the queue. */
  user: string
  /** Aborts when the client has disconnected: a waiting picture is not rendered. */
  signal?: AbortSignal | undefined
}

/** Time limits of one picture, in milliseconds. */
interface RenderTimes {
  /** For one frame. */
  stillMs: number
  /** For all frames of an animation. When it takes longer, only the first frame is rendered. */
  animationMs: number
}

/**
 * A picture to render, and whether its format has animations: such a file can have more frames than its size suggests.
 */
export interface IsolatedJob extends Omit<RenderJob, 'memory'> {
  canAnimate: boolean
}

/**
 * Returns the memory for a picture: that of the container beside this process, and at most a part of the free memory of the
 * machine. The resident set of this process contains code that the renderer shares, about as much as a renderer without a
 * picture needs.
 */
function pictureMemory(): PictureMemory {
  const limit = memoryLimit()
  const partOf = (free: number) => free - Math.max(RENDERER_BYTES, free * LEFT_SHARE)
  return {
    free: Math.min(limit - process.memoryUsage.rss(), partOf(freemem())),
    most: Math.min(limit - SERVICE_BYTES, partOf(totalmem())),
  }
}

/**
 * Renders a picture in a separate process with an empty environment, so that a decoder that hangs, crashes or uses too
 * much memory affects no other picture.
 *
 * @throws RenderError when the picture is broken
 * @throws RenderLimit when the picture is too large for any server or for this one, or takes too long
 * @throws unavailable when too many pictures wait, the process cannot be started, or the memory is not enough
 * @throws client_closed when the signal aborts while the picture waits
 */
export function renderIsolated(
  job: IsolatedJob,
  { user, signal }: Requester,
  times: RenderTimes = TIMES,
  memory = pictureMemory,
): Promise<Rendered> {
  return renderQueue.run(user, () => renderBounded({ ...job, memory: memory() }, times), signal)
}

async function renderBounded(
  { canAnimate, ...job }: IsolatedJob & RenderJob,
  { stillMs, animationMs }: RenderTimes,
): Promise<Rendered> {
  const canHaveFrames = job.animated && canAnimate
  const first = await renderOnce(job, canHaveFrames ? animationMs : stillMs)
  const answer =
    first === 'too slow' && canHaveFrames ? await renderOnce({ ...job, animated: false }, stillMs) : first
  if (answer === 'too slow')
    throw new RenderLimit('The image takes too long to process. Send an image with fewer pixels or frames.')
  if (!('error' in answer)) return answer
  if (answer.failure === 'limit') throw new RenderLimit(answer.error)
  if (answer.failure === 'broken') throw new RenderError(answer.error)
  throw unavailable(
    new RenderError(answer.error),
    'The image needs more memory than the server has free. Send an image with fewer pixels, or try again later.',
  )
}

/** Renders in the running renderer, or starts a renderer when none is running. */
async function renderOnce(job: RenderJob, maxMs: number): Promise<RenderAnswer | 'too slow'> {
  clearTimeout(idle)
  const kept = current?.connected ? await ask(current, job, maxMs) : 'ended'
  const outcome = isEnd(kept) ? await ask(start(), job, maxMs) : kept
  if (!isEnd(outcome)) return outcome
  return { error: `the renderer ${outcome}`, failure: outcome === 'was killed' ? 'memory' : 'broken' }
}

/** What became of a renderer without an answer. The system kills it when memory is short. */
type End = 'ended' | 'was killed'

const isEnd = (outcome: RenderAnswer | 'too slow' | End): outcome is End =>
  outcome === 'ended' || outcome === 'was killed'

function start(): ChildProcess {
  const renderer = fork(SCRIPT, {
    env: ENV,
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const forget = () => {
    if (current === renderer) current = undefined
  }
  renderer.on('error', forget).on('exit', forget)
  if (renderer.pid !== undefined) endFirst(renderer.pid)
  current = renderer
  return renderer
}

/**
 * Lets Linux end this process instead of the service where memory is short: only its picture is lost. Done by the service,
 * because the process itself would do it too late: loading its code takes memory.
 */
function endFirst(pid: number): void {
  try {
    writeFileSync(`/proc/${pid}/oom_score_adj`, '1000')
  } catch {
    // other systems have no such file
  }
}

/** @throws unavailable when the process cannot be started */
async function ask(
  renderer: ChildProcess,
  job: RenderJob,
  maxMs: number,
): Promise<RenderAnswer | 'too slow' | End> {
  const answered = new AbortController()
  const { signal } = answered
  let late = false
  const timer = setTimeout(() => {
    late = true
    renderer.kill('SIGKILL')
  }, maxMs)
  hold(renderer)
  try {
    const message = once(renderer, 'message', { signal }).then(([answer]): RenderAnswer => answer)
    const exit = once(renderer, 'exit', { signal }).then(([, killedBy]) => {
      if (late) return 'too slow'
      return killedBy === 'SIGKILL' ? 'was killed' : 'ended'
    })
    renderer.send(job)
    const outcome = await Promise.race([message, exit])
    if (typeof outcome === 'object' && 'rss' in outcome && outcome.rss > MAX_IDLE_BYTES) dismiss(renderer)
    return outcome
  } catch (error) {
    // a started process can end between two pictures
    if (renderer.pid !== undefined) return 'ended'
    throw unavailable(error, 'Images cannot be processed now; try again later.')
  } finally {
    clearTimeout(timer)
    answered.abort()
    release(renderer)
  }
}

/** Keeps this process alive while a picture is rendered. An idle renderer does not keep it alive. */
function hold(renderer: ChildProcess): void {
  renderer.ref()
  renderer.channel?.ref()
}

function release(renderer: ChildProcess): void {
  renderer.unref()
  renderer.channel?.unref()
  idle = setTimeout(() => dismiss(renderer), IDLE_MS).unref()
}

/** Disconnects a renderer, which then ends by itself. */
function dismiss(renderer: ChildProcess): void {
  if (current === renderer) current = undefined
  if (renderer.connected) renderer.disconnect()
}
