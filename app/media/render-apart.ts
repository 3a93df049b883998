import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import pLimit from 'p-limit'
import type { Rendered, RenderJob } from './render.ts'
import type { RenderAnswer } from './render-process.ts'

/** No picture may take longer than this. */
const MAX_MS = 20_000
/** How long the process is kept for the next picture. */
const IDLE_MS = 10_000
/** More than this between two pictures, and a fresh process takes over. */
const MAX_IDLE_BYTES = 200e6

/** In dist/ the file beside this one is JavaScript. */
const SCRIPT = fileURLToPath(new URL(`./render-process${extname(import.meta.url)}`, import.meta.url))
/** Keeps glibc from holding on to what each picture needed: 20 of them would add up to 500 MB. */
const ENV = { MALLOC_ARENA_MAX: '2', MALLOC_TRIM_THRESHOLD_: '131072' }

/** One picture at a time: what one may take is all the memory there is for them. */
const oneAtATime = pLimit(1)
let current: ChildProcess | undefined
let idle: NodeJS.Timeout | undefined

/** The picture cannot be rendered; the message says why, in words for the log. */
export class RenderFault extends Error {}

/**
 * Renders a picture in a process of its own, without this one's environment: a decoder that hangs, crashes or
 * devours memory takes nothing with it. Rejects with `RenderFault` where the picture is to blame, that it took
 * more than `maxMs` milliseconds included.
 */
export function renderApart(job: RenderJob, maxMs = MAX_MS): Promise<Rendered> {
  return oneAtATime(async () => {
    clearTimeout(idle)
    const renderer = current ?? start()
    hold(renderer)
    const answer = await ask(renderer, job, maxMs).finally(() => release(renderer))
    if ('fault' in answer) throw new RenderFault(answer.fault)
    if (answer.rss > MAX_IDLE_BYTES) dismiss(renderer)
    return answer
  })
}

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
  current = renderer
  return renderer
}

async function ask(renderer: ChildProcess, job: RenderJob, maxMs: number): Promise<RenderAnswer> {
  const answered = new AbortController()
  const { signal } = answered
  const timer = setTimeout(() => renderer.kill('SIGKILL'), maxMs)
  try {
    const message = once(renderer, 'message', { signal })
    const exit = once(renderer, 'exit', { signal })
    renderer.send(job)
    const [answer] = await Promise.race([
      message,
      exit.then(([code, cause]) => [{ fault: `the renderer ended with ${code ?? cause}` }]),
    ])
    return answer
  } finally {
    clearTimeout(timer)
    answered.abort()
  }
}

/** Neither the waiting process nor its channel keeps this one alive; a picture in the making does. */
function hold(renderer: ChildProcess): void {
  renderer.ref()
  renderer.channel?.ref()
}

function release(renderer: ChildProcess): void {
  renderer.unref()
  renderer.channel?.unref()
  idle = setTimeout(() => dismiss(renderer), IDLE_MS).unref()
}

/** It ends by itself once nobody speaks to it. */
function dismiss(renderer: ChildProcess): void {
  if (current === renderer) current = undefined
  if (renderer.connected) renderer.disconnect()
}
