/**
 * Measures how attacks affect another user. 20 anonymous connections from four addresses send the most expensive requests
 * that they can. Meanwhile it measures the time of GET of one asset (95th percentile, target under 250 ms) and of a
 * login (median, target under 2 s). Runs the compiled service with default settings behind a proxy (`TRUST_PROXY=1`) and
 * 1,000 assets.
 */
import { fork } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once, setMaxListeners } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { Bench, MB, run, say, uploadMany, verdict } from './harness.ts'

const ASSETS = 1000
const CONNECTIONS = 20
const ADDRESSES = ['192.0.2.1', '192.0.2.2', '198.51.100.3', '203.0.113.4']
/** Duration of each attack in milliseconds. */
const ATTACK_MS = 15_000
const GET_TARGET_MS = 250
const LOGIN_TARGET_MS = 2000
const PASSWORD = 'seven red lanterns'

/** Input of the attackers' process. */
interface Target {
  origin: string
  attack: string
  /** Id of an asset with two files. */
  pair: string
  linkToken: string
}

type Request = [path: string, init?: RequestInit]

/** Returns the request that attackers repeat, by the name of the attack. */
function attacksOn({ pair, linkToken }: Omit<Target, 'attack'>): Record<string, () => Request> {
  const words = 'oak+chair+wood+table+lamp'
  return {
    'wrong passwords of one account': () => ['/api/auth/login', post({ login: 'victim', password: 'wrong' })],
    'passwords of unknown accounts': () => [
      '/api/auth/login',
      post({ login: randomUUID(), password: 'wrong' }),
    ],
    'registration of a taken name': () => [
      '/api/auth/register',
      post({ username: 'victim', password: PASSWORD }),
    ],
    'registration of new names': () => [
      '/api/auth/register',
      post({ username: `u${randomUUID().slice(0, 8)}`, password: PASSWORD }),
    ],
    'link passwords': () => [`/api/links/${linkToken}`, { headers: { 'X-Link-Password': 'wrong' } }],
    'search with facets and count': () => [`/api/assets?q=${words}&facets=1&count=1&limit=100`],
    'facets and count of everything': () => ['/api/assets?facets=1&count=1&limit=100&sort=name'],
    zips: () => [`/api/assets/${pair}/download`],
    'the OpenAPI document': () => ['/openapi.json'],
    'large wrong JSON': () => ['/api/auth/login', post(Array.from({ length: 45_000 }, () => 1))],
  }
}

if (process.send) process.once('message', (target: Target) => void attack(target))
else await main()

async function main(): Promise<void> {
  const bench = await Bench.begin()
  try {
    const { origin } = await bench.startService({ TRUST_PROXY: '1' })
    const token = await register(origin, 'victim')
    const ids = await createAssets(bench, origin, token)
    const pair = await createPair(bench, origin, token)
    const { link } = await call<{ link: { token: string } }>(origin, `/api/assets/${pair}/links`, token, {
      password: PASSWORD,
    })
    const target = { origin, pair, linkToken: link.token }
    say(
      `${'20 connections do'.padEnd(36)} ${['GET p95', 'login', 'responses/s'].map((one) => one.padStart(10)).join(' ')}`,
    )
    report('nothing', await measure(origin, ids), 0)
    for (const name of Object.keys(attacksOn(target))) {
      const attackers = fork(import.meta.filename)
      attackers.send({ ...target, attack: name })
      await once(attackers, 'message')
      const times = await measure(origin, ids)
      attackers.send('stop')
      const [responses] = await once(attackers, 'message')
      attackers.disconnect()
      report(name, times, Number(responses))
    }
  } finally {
    await bench.end()
  }
}

function report(name: string, { gets, logins }: Times, responses: number): void {
  const get = quantile(gets, 0.95)
  const login = quantile(logins, 0.5)
  const isMet = get < GET_TARGET_MS && login < LOGIN_TARGET_MS
  const figures = [
    `${Math.round(get)} ms`,
    `${Math.round(login)} ms`,
    String(Math.round((responses * 1000) / ATTACK_MS)),
  ]
  say(`${name.padEnd(36)} ${figures.map((figure) => figure.padStart(10)).join(' ')}  ${verdict(isMet)}`)
}

/** Runs in the attackers' process: attacks until the next message, then sends the number of responses. */
async function attack(target: Target): Promise<void> {
  const request = attacksOn(target)[target.attack]
  if (!request) throw new Error(`unknown attack ${target.attack}`)
  const stop = new AbortController()
  // every running request listens to the signal
  setMaxListeners(0, stop.signal)
  let responses = 0
  const attackers = Array.from({ length: CONNECTIONS }, async (_, index) => {
    while (!stop.signal.aborted) {
      const [path, init = {}] = request()
      const headers = { ...init.headers, 'X-Forwarded-For': String(ADDRESSES[index % ADDRESSES.length]) }
      const response = await fetch(target.origin + path, { ...init, headers, signal: stop.signal }).catch(
        () => null,
      )
      await response?.arrayBuffer().catch(() => undefined)
      responses++
    }
  })
  process.send?.('begun')
  await once(process, 'message')
  stop.abort()
  await Promise.all(attackers)
  process.send?.(responses)
}

/** Measured times in milliseconds. */
interface Times {
  gets: number[]
  logins: number[]
}

/** Measures reads of assets and logins of a user with another address. */
async function measure(origin: string, ids: string[]): Promise<Times> {
  const own = { 'X-Forwarded-For': '203.0.113.200' }
  const gets: number[] = []
  const logins: number[] = []
  const end = performance.now() + ATTACK_MS
  const time = async (times: number[], path: string, init: RequestInit, status: number) => {
    const began = performance.now()
    const response = await fetch(origin + path, init)
    await response.arrayBuffer()
    if (response.status !== status) throw new Error(`${path}: ${response.status}`)
    times.push(performance.now() - began)
  }
  const read = async () => {
    while (performance.now() < end) {
      await time(gets, `/api/assets/${ids[gets.length % ids.length]}`, { headers: own }, 200)
      await delay(20)
    }
  }
  const signIn = async () => {
    while (performance.now() < end) {
      const request = post({ login: 'victim', password: PASSWORD })
      await time(logins, '/api/auth/login', { ...request, headers: { ...request.headers, ...own } }, 200)
      await delay(500)
    }
  }
  await Promise.all([read(), signIn()])
  return { gets, logins }
}

function post(body: unknown): RequestInit {
  return { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) }
}

async function call<T>(origin: string, path: string, token: string | null, body: object): Promise<T> {
  const request = post(body)
  const headers = {
    ...request.headers,
    ...(token ? { Authorization: `Bearer ${token}` } : {}),
    'X-Forwarded-For': '203.0.113.201',
  }
  const response = await fetch(origin + path, { ...request, headers })
  const { res, err } = (await response.json()) as { res?: T; err?: object }
  if (!res) throw new Error(`${path}: ${response.status} ${JSON.stringify(err)}`)
  return res
}

async function register(origin: string, username: string): Promise<string> {
  for (let tries = 0; ; tries++) {
    if ((await fetch(`${origin}/readyz`)).ok) break
    if (tries > 100) throw new Error('the service is not ready')
    await delay(100)
  }
  return (await call<{ token: string }>(origin, '/api/auth/register', null, { username, password: PASSWORD }))
    .token
}

async function createAssets(bench: Bench, origin: string, token: string): Promise<string[]> {
  const path = await bench.makeFile('file.txt', MB / 1000)
  const fields = Array.from({ length: ASSETS }, (_, index) => [
    `name=oak chair ${index}`,
    `tags=wood,lamp,t${index % 50}`,
  ])
  return uploadMany(origin, `Bearer ${token}`, path, fields)
}

/** Creates an asset with two files, which is downloaded as a zip. */
async function createPair(bench: Bench, origin: string, token: string): Promise<string> {
  const path = await bench.makeFile('large', 20 * MB)
  const args = [
    '-sS',
    '-H',
    `Authorization: Bearer ${token}`,
    '-F',
    `files=@${path}`,
    '-F',
    `files=@${path}`,
    '-F',
    'visibility=public',
  ]
  const { stdout } = await run('curl', [...args, `${origin}/api/assets`])
  return String(/"asset":\{"id":"([0-9a-f]+)"/.exec(stdout)?.[1])
}

function quantile(values: number[], share: number): number {
  const sorted = [...values].sort((one, other) => one - other)
  return sorted[Math.floor((sorted.length - 1) * share)] ?? Number.NaN
}
