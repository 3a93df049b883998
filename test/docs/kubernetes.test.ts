import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { expect } from 'chai'
import type { Deployment } from 'kubernetes-types/apps/v1.d.ts'
import type { CronJob } from 'kubernetes-types/batch/v1.d.ts'
import type { Container, PodSpec, Secret, Service } from 'kubernetes-types/core/v1.d.ts'
import type { Ingress } from 'kubernetes-types/networking/v1.d.ts'
import { parseAllDocuments } from 'yaml'
import { loadConfig } from '../../config/env.ts'
import { startApp, type TestApp } from '../support/app/app.ts'

const FOLDER = 'docs/kubernetes'

/** A manifest of any kind. */
interface Manifest {
  apiVersion: string
  kind: string
  metadata?: { name?: string }
}

/** Modules of `kubernetes-types`, which is generated from the OpenAPI document of Kubernetes. */
const MODULES: Record<string, string> = {
  v1: 'core/v1',
  'apps/v1': 'apps/v1',
  'batch/v1': 'batch/v1',
  'networking.k8s.io/v1': 'networking/v1',
  'policy/v1': 'policy/v1',
}

const manifestsIn = (text: string): Manifest[] =>
  parseAllDocuments(text).map((document) => {
    expect(document.errors).to.deep.equal([])
    return document.toJS()
  })

/** Compares manifests with the types of Kubernetes. Returns the errors: unknown, missing and wrong fields. */
async function typeErrors(manifests: Manifest[]): Promise<string[]> {
  // Below the root, so that the types are found.
  const folder = await mkdtemp(join(resolve('.'), '.test-build-kubernetes-'))
  try {
    const lines = manifests.map((manifest, n) => {
      const { apiVersion, kind } = manifest
      const type = `import('kubernetes-types/${MODULES[apiVersion]}.d.ts').${kind}`
      return `export const manifest${n}: ${type} = ${JSON.stringify(manifest)}`
    })
    await writeFile(join(folder, 'manifests.ts'), lines.join('\n'))
    const options = [
      '--noEmit',
      '--strict',
      '--skipLibCheck',
      '--ignoreConfig',
      '--types',
      '',
      '--module',
      'nodenext',
    ]
    const run = promisify(execFile)(resolve('node_modules/.bin/tsc'), [
      ...options,
      join(folder, 'manifests.ts'),
    ])
    const output = await run.then(
      () => '',
      ({ stdout, stderr }) => `${stdout}${stderr}`,
    )
    return output.split('\n').filter((line) => /error TS\d+/.test(line))
  } finally {
    await rm(folder, { recursive: true })
  }
}

describe('docs/kubernetes', function () {
  this.timeout(60_000)
  let app: TestApp
  let manifests: Manifest[]

  before(async () => {
    app = await startApp()
    const files = (await readdir(FOLDER)).filter((name) => name.endsWith('.yaml'))
    const texts = await Promise.all(files.map((name) => readFile(join(FOLDER, name), 'utf8')))
    manifests = texts.flatMap(manifestsIn)
  })
  after(() => app.stop())

  const find = <T>(kind: string) => manifests.find((one) => one.kind === kind) as T
  const podOf = (kind: 'Deployment' | 'CronJob'): PodSpec => {
    const spec =
      kind === 'Deployment'
        ? find<Deployment>(kind).spec?.template.spec
        : find<CronJob>(kind).spec?.jobTemplate.spec?.template.spec
    if (!spec) throw new Error(`${kind} has no pod`)
    return spec
  }
  const environmentOf = ({ env = [] }: Container) =>
    Object.fromEntries(env.map(({ name, value = '' }) => [name, value]))

  it('manifests – compared with the types of Kubernetes → no error; misspelt, missing and wrong fields → errors', async () => {
    expect(manifests.map(({ kind }) => kind)).to.have.members([
      ...[
        'Deployment',
        'Service',
        'PodDisruptionBudget',
        'Secret',
        'Ingress',
        'PersistentVolumeClaim',
        'CronJob',
      ],
    ])
    const broken = [
      ['"readOnlyRootFilesystem"', '"readOnlyRootFilesytem"'],
      ['"selector":', '"labels":'],
      ['"replicas":2', '"replicas":"2"'],
      ['"periodSeconds":10', '"interval":10'],
    ].map(([right = '', wrong = '']) => {
      const text = JSON.stringify(find('Deployment'))
      expect(text).to.include(right)
      return JSON.parse(text.replace(right, wrong)) as Manifest
    })
    const errors = await typeErrors([...manifests, ...broken])
    const lineOf = (error: string) => Number(/\((\d+),/.exec(error)?.[1])
    expect(errors.filter((error) => lineOf(error) <= manifests.length)).to.deep.equal([])
    expect(new Set(errors.map(lineOf)).size, errors.join('\n')).to.equal(broken.length)
  })

  it('Secret – example with the variables of the containers → valid in production', () => {
    const { stringData = {} } = find<Secret>('Secret')
    for (const kind of ['Deployment', 'CronJob'] as const) {
      const { containers, initContainers = [] } = podOf(kind)
      for (const container of [...containers, ...initContainers]) {
        expect(container.envFrom).to.deep.equal([{ secretRef: { name: 'kura' } }])
        const { production } = loadConfig({ ...stringData, ...environmentOf(container) })
        expect(production, container.name).to.equal(true)
      }
    }
    const [container] = podOf('Deployment').containers
    expect(container && loadConfig({ ...stringData, ...environmentOf(container) }).http.trustProxy).to.equal(
      1,
    )
  })

  it('pods – every container → not root, read-only, /tmp writable, no privileges', () => {
    for (const kind of ['Deployment', 'CronJob'] as const) {
      const { securityContext, containers, initContainers = [], volumes = [] } = podOf(kind)
      expect(securityContext).to.include({ runAsNonRoot: true, runAsUser: 1000 })
      for (const { name, securityContext: own, volumeMounts = [], resources } of [
        ...containers,
        ...initContainers,
      ]) {
        expect(own, name).to.deep.equal({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        })
        const mount = volumeMounts.find(({ mountPath }) => mountPath === '/tmp')
        expect(volumes.find((volume) => volume.name === mount?.name)?.emptyDir, name).to.be.an('object')
        expect(resources).to.include.keys('requests', 'limits')
      }
    }
  })

  it('programs – every command of a container → in the image', async () => {
    const { containers, initContainers = [] } = podOf('Deployment')
    const commands = [...containers, ...initContainers, ...podOf('CronJob').containers].flatMap(
      ({ command = [] }) => [...command.join(' ').matchAll(/dist\/([\w-]+)\.js/g)].map(([, name]) => name),
    )
    expect(new Set(commands)).to.deep.equal(new Set(['db-migrate', 'db-indexes', 'backup']))
    const programs = await readdir('commands')
    for (const name of commands) expect(programs).to.include(`${name}.ts`)
  })

  it('Deployment – probes, ports and times → routes of the service, long enough for its drain', async () => {
    const { containers, terminationGracePeriodSeconds = 0 } = podOf('Deployment')
    const [container] = containers
    for (const probe of [container?.livenessProbe, container?.readinessProbe])
      await app.api.get(String(probe?.httpGet?.path)).expect(200)
    expect(container?.livenessProbe?.httpGet?.path).to.equal('/healthz')
    const preStop = Number(container?.lifecycle?.preStop?.exec?.command?.[1])
    // The longest time of a stop: requests 28 s, thumbnails 6 s, three short phases.
    expect(terminationGracePeriodSeconds - preStop).to.be.at.least(28 + 6 + 3)
    expect(container?.ports?.[0]).to.deep.equal({ name: 'http', containerPort: 8080 })
    expect(find<Service>('Service').spec?.ports?.[0]?.targetPort).to.equal('http')
    const backend = find<Ingress>('Ingress').spec?.rules?.[0]?.http?.paths[0]?.backend.service
    expect(backend).to.deep.equal({ name: 'kura', port: { name: 'http' } })
  })
})
