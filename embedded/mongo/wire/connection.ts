import { createServer, type Server, type Socket } from 'node:net'
import type { Engine } from '../commands/command.ts'
import { dispatch } from '../commands/dispatch.ts'
import { Frames, readMessage, writeReply } from './message.ts'

/** Serves one socket: commands are answered in the order they come. Garbage closes this socket and no other. */
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
          if (!request.silent && !socket.destroyed) socket.write(writeReply(request, reply))
        })
        previous.catch(() => socket.destroy())
      }
    } catch {
      socket.destroy()
    }
  })
  // A reset is how a client that dies says goodbye; 'close' follows it.
  socket.on('error', () => socket.destroy())
}

/** Connections that come before the documents are loaded wait for them. */
export function acceptConnections(sockets: Set<Socket>, loaded: Promise<Engine>): Server {
  let connections = 0
  return createServer((socket) => {
    connections += 1
    const connection = connections
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => socket.destroy())
    loaded.then((engine) => serve(socket, engine, connection))
  })
}
