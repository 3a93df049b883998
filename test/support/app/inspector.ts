import { once } from 'node:events'
import WebSocket from 'ws'
import { type ServiceProcess, waitForOutput } from './process.ts'

/** Option of Node: opens an inspector on a free port and prints its address. */
export const INSPECTED = '--inspect=127.0.0.1:0'

/**
 * Runs the garbage collector of a process that was started with `INSPECTED`, and returns the bytes in use: the JavaScript
 * heap and external memory such as buffers.
 */
export async function usedMemory(process: ServiceProcess): Promise<number> {
  const [, address = ''] = await waitForOutput(process, /Debugger listening on (ws:\S+)/)
  const socket = new WebSocket(address)
  await once(socket, 'open')
  try {
    // Finalizers run after a collection and release more memory, so it runs three times.
    for (let run = 0; run < 3; run++) await call(socket, 'HeapProfiler.collectGarbage', {})
    const expression = 'Promise.resolve(process.memoryUsage()).then((m) => m.heapUsed + m.external)'
    const options = { expression, awaitPromise: true, returnByValue: true }
    const { result } = (await call(socket, 'Runtime.evaluate', options)) as { result: { value: number } }
    return result.value
  } finally {
    socket.terminate()
  }
}

/** Calls a method of the Chrome DevTools Protocol. */
async function call(socket: WebSocket, method: string, params: object): Promise<unknown> {
  socket.send(JSON.stringify({ id: 1, method, params }))
  for (;;) {
    const [data] = await once(socket, 'message')
    const { id, result, error } = JSON.parse(String(data))
    if (error) throw new Error(`${method}: ${error.message}`)
    if (id === 1) return result
  }
}
