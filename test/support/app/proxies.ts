import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, readdir, readFile, readlink, writeFile } from 'node:fs/promises'
import type { IncomingMessage, RequestOptions } from 'node:http'
import { Agent, request } from 'node:https'
import { connect } from 'node:net'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { eventually } from '../eventually.ts'
import { outputOf } from '../programs.ts'
import { freePort } from './http.ts'

/** Folder of the configurations that the documentation gives. */
const DOCS = 'docs/proxies'

interface Certificate {
  certificate: string
  key: string
}

/** A proxy that runs with a configuration of the documentation. */
export interface RunningProxy {
  /** Its origin with TLS. */
  origin: string
  /** Its port without TLS, which redirects. */
  plainPort: number
  certificate: string
  /** Returns the paths of the files that it has open below its own folder, except its logs. */
  openFiles(): Promise<string[]>
  /** Returns what it has logged. */
  logged(): Promise<string>
  stop(): Promise<void>
}

interface Place extends Certificate {
  /** Folder of its configuration, logs and temporary files. */
  home: string
  port: number
  plainPort: number
  /** Host and port of the service. */
  service: string
}

/** How each proxy is started from a file of the documentation. Only names, addresses and paths are replaced. */
export const PROXIES = {
  nginx: {
    files: { host: 'nginx.conf', path: 'nginx-path.conf' },
    async start(text: string, { home, port, plainPort, service, certificate, key }: Place) {
      const site = text
        // The machine of the test can have no IPv6.
        .replace(/^.*listen \[::\].*\n/gm, '')
        .replace(/listen 443\b/, `listen 127.0.0.1:${port}`)
        .replace(/listen 80\b/, `listen 127.0.0.1:${plainPort}`)
        .replace(/server 127\.0\.0\.1:8080;/, `server ${service};`)
        .replace(/\/etc\/letsencrypt\/\S+fullchain\.pem/, certificate)
        .replace(/\/etc\/letsencrypt\/\S+privkey\.pem/, key)
        .replace(/server_name \S+;/g, 'server_name localhost;')
      const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
        .map((name) => `${name}_temp_path ${home}/${name};`)
        .join('\n')
      await writeFile(join(home, 'site.conf'), site)
      await writeFile(
        join(home, 'nginx.conf'),
        `daemon off; master_process off; pid ${home}/pid; error_log ${home}/error.log;
        events {}
        http { access_log ${home}/access.log; gzip on; ${temporary} include ${home}/site.conf; }`,
      )
      return spawn('nginx', ['-c', join(home, 'nginx.conf'), '-e', join(home, 'error.log')])
    },
  },
  caddy: {
    files: { host: 'Caddyfile', path: 'Caddyfile-path' },
    async start(text: string, { home, port, plainPort, service, certificate, key }: Place) {
      const site = text
        .replace(/^\w+\.example\.org \{$/m, `https://localhost:${port} {\n\ttls ${certificate} ${key}`)
        .replace('127.0.0.1:8080', service)
      const options = `{\n\tadmin off\n\thttp_port ${plainPort}\n\thttps_port ${port}\n\tdefault_bind 127.0.0.1\n}\n`
      await writeFile(join(home, 'Caddyfile'), options + site)
      return spawn('caddy', ['run', '--config', join(home, 'Caddyfile'), '--adapter', 'caddyfile'], {
        env: { PATH: process.env.PATH, HOME: home, XDG_DATA_HOME: home, XDG_CONFIG_HOME: home },
      })
    },
  },
} as const

/**
 * Starts a proxy in front of a service with a configuration of the documentation.
 *
 * @param kind for a host of its own, or for a path of a host
 * @param change changes the text of the configuration first
 */
export async function startProxy(
  name: keyof typeof PROXIES,
  kind: 'host' | 'path',
  service: string,
  folder: string,
  change: (text: string) => string = (text) => text,
): Promise<RunningProxy> {
  const home = join(folder, `${name}-${kind}-${await freePort()}`)
  await mkdir(home)
  const { certificate, key } = await makeCertificate(home)
  const [port, plainPort] = [await freePort(), await freePort()]
  const { files, start } = PROXIES[name]
  const text = change(await readFile(join(DOCS, files[kind]), 'utf8'))
  const child = await start(text, {
    home,
    port,
    plainPort,
    certificate,
    key,
    service: new URL(service).host,
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (part: string) => {
      output += part
    })
  await eventually(async () => {
    if (child.exitCode !== null) throw new Error(`${name} ended: ${output}`)
    const socket = connect(port, '127.0.0.1')
    await once(socket, 'connect')
    socket.destroy()
  }, 15_000)
  return {
    origin: `https://localhost:${port}`,
    plainPort,
    certificate: await readFile(certificate, 'utf8'),
    openFiles: () => openFiles(child, home),
    logged: async () => {
      const logs = (await readdir(home)).filter((file) => file.endsWith('.log'))
      return output + (await Promise.all(logs.map((file) => readFile(join(home, file), 'utf8')))).join('')
    },
    async stop() {
      const ended = once(child, 'exit')
      child.kill('SIGKILL')
      await ended
    },
  }
}

async function makeCertificate(folder: string): Promise<Certificate> {
  const [certificate, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')]
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost']
  const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2']
  await outputOf('openssl', ['req', '-x509', ...ec, ...subject, '-keyout', key, '-out', certificate])
  return { certificate, key }
}

async function openFiles({ pid }: ChildProcess, home: string): Promise<string[]> {
  const folder = `/proc/${pid}/fd`
  const targets = await Promise.all(
    (await readdir(folder)).map((name) => readlink(join(folder, name)).catch(() => '')),
  )
  return targets.filter((target) => target.startsWith(home) && !target.endsWith('.log'))
}

interface ProxyAnswer {
  status: number
  headers: IncomingMessage['headers']
  bytes: Buffer
}

export interface ProxyClient {
  /** Begins a request, whose body the caller writes. The address can be a path or absolute. */
  begin(method: string, address: string, headers?: Record<string, string>): ReturnType<typeof request>
  ask(
    method: string,
    address: string,
    headers?: Record<string, string>,
    body?: Buffer | string,
  ): Promise<ProxyAnswer>
  close(): void
}

/** Returns a client of a proxy that trusts its certificate and connects from a loopback address. */
export function clientOf({ origin, certificate }: RunningProxy, localAddress = '127.0.0.1'): ProxyClient {
  const agent = new Agent({ keepAlive: true, maxSockets: 8 })
  const begin: ProxyClient['begin'] = (method, address, headers = {}) => {
    const options: RequestOptions = { method, headers, agent, localAddress, family: 4 }
    return request(new URL(address, origin), { ...options, ca: certificate } as RequestOptions)
  }
  return {
    begin,
    async ask(method, address, headers, body) {
      const sent = begin(method, address, headers)
      sent.end(body)
      return answerOf(sent)
    },
    close: () => agent.destroy(),
  }
}

export async function answerOf(sent: ReturnType<typeof request>): Promise<ProxyAnswer> {
  const [res] = (await once(sent, 'response')) as [IncomingMessage]
  return { status: Number(res.statusCode), headers: res.headers, bytes: await buffer(res) }
}

/** Registers a user with a random name through a proxy. Returns the status and the token. */
export async function registerBy(
  { ask }: ProxyClient,
  { prefix = '', headers = {} }: { prefix?: string; headers?: Record<string, string> } = {},
): Promise<{ status: number; token: string }> {
  const body = JSON.stringify({ username: `u${randomUUID().slice(0, 8)}`, password: 'correct horse battery' })
  const json = { 'Content-Type': 'application/json', ...headers }
  const { status, bytes } = await ask('POST', `${prefix}/api/auth/register`, json, body)
  return { status, token: JSON.parse(bytes.toString()).res?.token }
}

/** Returns all strings of an answer that are an address. */
export function addressesIn(value: unknown): string[] {
  if (typeof value === 'string') return /^(?:\/|https?:)/.test(value) ? [value] : []
  return value && typeof value === 'object' ? Object.values(value).flatMap(addressesIn) : []
}

/** Skips the tests of the hook where clients cannot have different addresses: only Linux gives all of 127.0.0.0/8 to loopback. */
export function requireLoopbackNetwork(hook: Mocha.Context): void {
  if (process.platform !== 'linux') hook.skip()
}
