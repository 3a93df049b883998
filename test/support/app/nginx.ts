import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { eventually } from '../eventually.ts'
import { freePort } from './http.ts'

export interface Nginx {
  origin: string
  stop(): Promise<void>
}

interface NginxOptions {
  /** Whether nginx reads a whole request before it forwards it (its default). */
  buffering: 'on' | 'off'
  /** Whether it keeps its connections to the service. By default it uses HTTP/1.0 without that. */
  keepAlive: boolean
  /** Further lines of the configuration of all paths. */
  directives?: string
}

/**
 * Starts nginx in front of a service, with its default settings but for the largest body.
 *
 * @param folder folder of its configuration, log and temporary files
 */
export async function startNginx(
  origin: string,
  folder: string,
  { buffering, keepAlive, directives = '' }: NginxOptions,
): Promise<Nginx> {
  const home = join(folder, `nginx-${buffering}`)
  await mkdir(home, { recursive: true })
  const port = await freePort()
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `${name}_temp_path ${home}/${name};`)
    .join('\n')
  await writeFile(
    join(home, 'nginx.conf'),
    `daemon off; master_process off; pid ${home}/pid; error_log ${home}/error.log;
    events {}
    http {
      access_log off; client_max_body_size 0; ${temporary}
      upstream kura { server ${new URL(origin).host}; ${keepAlive ? 'keepalive 8;' : ''} }
      server {
        listen 127.0.0.1:${port};
        location / {
          proxy_pass http://kura;
          ${keepAlive ? 'proxy_http_version 1.1; proxy_set_header Connection "";' : ''}
          proxy_request_buffering ${buffering};
          ${directives}
        }
      }
    }`,
  )
  const child: ChildProcess = spawn(
    'nginx',
    ['-c', join(home, 'nginx.conf'), '-e', join(home, 'error.log')],
    {
      stdio: 'ignore',
    },
  )
  await eventually(async () => {
    const socket = connect(port, '127.0.0.1')
    await once(socket, 'connect')
    socket.destroy()
  })
  return {
    origin: `http://127.0.0.1:${port}`,
    async stop() {
      const ended = once(child, 'exit')
      child.kill('SIGKILL')
      await ended
    },
  }
}
