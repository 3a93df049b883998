import type { RequestListener, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'

/** Most requests of a connection that wait for an earlier answer. With more, the connection is closed. */
const MAX_PIPELINED = 100

const lastAnswers = new WeakMap<Duplex, ServerResponse>()
const waiting = new WeakMap<Duplex, number>()

/** Returns the answer to the last request of a connection. */
export const lastAnswer = (socket: Duplex): ServerResponse | undefined => lastAnswers.get(socket)

/**
 * Returns a listener that serves pipelined requests (RFC 9112 §9.3.2) one at a time. Node serves them all at once,
 * and when the connection closes it does not close an answer that waits for an earlier one, so its resources leak.
 */
export function oneAtATime(serve: RequestListener): RequestListener {
  return (req, res) => {
    const { socket } = req
    if (!socket.writable) return close(res)
    count(socket, 1)
    afterAnswers(socket, () => {
      count(socket, -1)
      if (socket.writable) serve(req, res)
      else close(res)
    })
    lastAnswers.set(socket, res)
  }
}

/**
 * Takes a connection that Node hands over for an upgrade or a tunnel, once its earlier requests are answered. Node has
 * removed its own listeners: without others, an error is uncaught, and an answer that is being sent stops.
 */
export function takeOver(socket: Duplex, next: () => void): void {
  const last = lastAnswer(socket)
  const resume = () => last?.emit('drain')
  socket.on('error', () => undefined).on('drain', resume)
  afterAnswers(socket, () => {
    socket.off('drain', resume)
    if (socket.writable) next()
    else socket.destroy()
  })
}

/** Calls `next` once all requests of a connection are answered, or the connection is closed. */
function afterAnswers(socket: Duplex, next: () => void): void {
  const last = lastAnswer(socket)
  if (!last || last.closed) next()
  else last.once('close', next)
}

function count(socket: Duplex, change: 1 | -1): void {
  const requests = (waiting.get(socket) ?? 0) + change
  waiting.set(socket, requests)
  if (requests > MAX_PIPELINED) socket.destroy()
}

/** Closes an answer that was not given to its connection yet, as Node closes the others. */
function close(res: ServerResponse): void {
  res.destroy()
  res.emit('close')
}
