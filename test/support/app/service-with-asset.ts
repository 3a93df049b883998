import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { UNKNOWN_IDS } from '../openapi/fixture.ts'
import { register, uploadFile } from './client.ts'
import { killAll, type ServiceProcess, startProcess } from './process.ts'

/** A service as its own process, with a user who has an asset. */
export interface ServiceWithAsset {
  origin: string
  /** Token of the user. */
  token: string
  /** Returns the URL of a documented path. */
  urlOf(path: string): string
}

/** Starts a service for the current block of tests. After each test the service runs and has logged no error. */
export function useServiceWithAsset(): () => ServiceWithAsset {
  let folder: string
  let process: ServiceProcess
  let service: ServiceWithAsset
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kura-service-'))
    process = await startProcess({ DATA_DIR: folder, REGISTRATIONS_PER_HOUR: '0' })
    const { origin } = process
    const { token } = await register(origin)
    const [, , , assetId = ''] = (await uploadFile({ origin, token }, randomBytes(100))).split('/')
    const params: Record<string, string> = { ...UNKNOWN_IDS, assetId }
    const urlOf = (path: string) =>
      origin + path.replace(/\{(\w+)\}/g, (_all, name) => params[name] ?? 'none')
    service = { origin, token, urlOf }
  })
  afterEach(() => {
    expect(process.hasEnded()).to.equal(false)
    expect(process.output()).to.not.match(/"level":[56]0/)
  })
  after(async () => {
    await killAll()
    await rm(folder, { recursive: true, force: true })
  })
  return () => service
}
