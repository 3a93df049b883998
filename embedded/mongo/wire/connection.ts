import { createServer, type Server, type Socket } from 'node:net'
import type { Engine } from '../commands/command.ts'
import { dispatch } from '../commands/dispatch.ts'
import { Frames, readMessage, writeReply } from './message.ts'

/** Serves one socket and replies in the order of the commands. Malformed data closes this socket only. */
function serve(socket: Socket, engine: Engine, connection: number): void {
  const frames = new Frames()
  let previous = Promise.resolve()
  socket.setNoDelay(true)
  socket.on('data', (chunk) => {
    try {
      for (const frame of frames.add(chunk)) {
        const request = readMessage(frame)
        previous = previous.then(async () => {
          const reply = await dispatch(request.body, engine, connection)
          if (!request.noReply && !socket.destroyed) socket.write(writeReply(request, reply))
        })
        previous.catch(() => socket.destroy())
      }
    } catch {
      socket.destroy()
    }
  })
  // A client that was killed resets the connection. 'close' follows.
  socket.on('error', () => socket.destroy())
}

/** Creates the server. Its connections wait until the documents are loaded. */
export function acceptConnections(sockets: Set<Socket>, engineReady: Promise<Engine>): Server {
  let connections = 0
  return createServer((socket) => {
    connections += 1
    const connection = connections
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => socket.destroy())
    engineReady.then((engine) => serve(socket, engine, connection))
  })
}
