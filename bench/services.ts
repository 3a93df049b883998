/** The services that `peers.ts` compares, each with the same 600 assets and the same requests. */
import type autocannon from 'autocannon'
import { type Bench, curl, type Measured, register, upload, uploadMany } from './harness.ts'
import { RARE_WORDS, SEARCHED_WORD, type SmallAsset, smallAsset } from './small-assets.ts'

export const ASSETS = 600
const PAGE = 20

export const READS = [
  'get one by id',
  '20 newest',
  'own 20 newest',
  'text search',
  'different searches',
] as const
export type ReadName = (typeof READS)[number]

export interface Service {
  name: string
  origin: string
  /** Without it, memory and processor time are not measured. */
  pid?: number | undefined
  /** Path and headers of each read. With `others`, each request takes one of these paths at random. */
  reads: Record<ReadName, { path: string; others?: string[]; headers?: Record<string, string> }>
  /** The requests that store one small asset, in order. */
  smallUpload: autocannon.Request[]
  /** Uploads a large file with curl. Returns how to download it, as arguments of curl. */
  uploadLarge(path: string): Promise<{ seconds: number; download: string[] }>
}

/** Returns the searches for one word, and for words at random. */
const searches = (pathOf: (word: string) => string, headers: Record<string, string> = {}) => {
  const path = pathOf(SEARCHED_WORD)
  return {
    'text search': { path, headers },
    'different searches': { path, others: RARE_WORDS.map(pathOf), headers },
  }
}

/** A file of 1 kB that is no known format. */
const SMALL_FILE = Buffer.alloc(1000, 'a small file; ')

/** Returns the body of a multipart form with one small file, and its content type. */
async function smallForm(fields: Record<string, string>): Promise<{ body: Buffer; contentType: string }> {
  const form = new FormData()
  for (const [name, value] of Object.entries(fields)) form.set(name, value)
  form.set('files', new File([SMALL_FILE], 'small.bin'))
  const response = new Response(form)
  const contentType = String(response.headers.get('content-type'))
  return { body: Buffer.from(await response.arrayBuffer()), contentType }
}

/** Calls `plant` for each asset, eight at once. Returns what it returned. */
async function plantAssets<T>(plant: (asset: SmallAsset) => Promise<T>): Promise<T[]> {
  const planted: T[] = []
  let next = 0
  const worker = async () => {
    while (next < ASSETS) planted.push(await plant(smallAsset(next++)))
  }
  await Promise.all(Array.from({ length: 8 }, worker))
  return planted
}

/** Sends a request. Throws unless it succeeds. */
async function send<T>(url: string, headers: Record<string, string>, body?: object): Promise<T> {
  const isRaw = body instanceof FormData || body instanceof Uint8Array
  const response = await fetch(url, {
    method: body ? 'POST' : 'GET',
    headers: body && !isRaw ? { 'Content-Type': 'application/json', ...headers } : headers,
    ...(body ? { body: isRaw ? (body as FormData) : JSON.stringify(body) } : {}),
  })
  if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`)
  return (await response.json()) as T
}

/** Plants the assets in a running Kura. */
export async function prepareKura(bench: Bench, name: string, { origin, pid }: Measured): Promise<Service> {
  const user = await register(origin)
  const path = await bench.makeFile('small', SMALL_FILE.length)
  const fieldsOf = ({ name: title, tags, description }: SmallAsset) => [
    `name=${title}`,
    `tags=${tags}`,
    `description=${description}`,
  ]
  const fields = Array.from({ length: ASSETS }, (_, i) => fieldsOf(smallAsset(i)))
  const [id] = await uploadMany(origin, user.Authorization, path, fields)
  const { tags, ...one } = smallAsset(7)
  const { body, contentType } = await smallForm({ visibility: 'public', ...one, tags: tags.join() })
  return {
    name,
    origin,
    pid,
    reads: {
      'get one by id': { path: `/api/assets/${id}` },
      '20 newest': { path: `/api/assets?limit=${PAGE}` },
      'own 20 newest': { path: `/api/assets?scope=mine&limit=${PAGE}`, headers: user },
      ...searches((word) => `/api/assets?q=${word}&limit=${PAGE}`),
    },
    smallUpload: [
      { method: 'POST', path: '/api/assets', headers: { ...user, 'content-type': contentType }, body },
    ],
    async uploadLarge(file) {
      const { url, seconds } = await upload(origin, user, file)
      return { seconds, download: ['-H', `Authorization: ${user.Authorization}`, url] }
    },
  }
}

/** The account that `bench/README.md` says to start Directus with. */
const DIRECTUS_ADMIN = { Authorization: 'Bearer peer-admin-token' }

/** Plants the assets in a running Directus: files with title, tags and description, readable for everybody. */
export async function prepareDirectus(origin: string, pid: number | undefined): Promise<Service> {
  const everything = { fields: ['*'], permissions: {} }
  const permissions = ['read', 'create'].map((action) => ({
    collection: 'directus_files',
    action,
    ...everything,
  }))
  const { data: policies } = await send<{ data: { id: string; name: string }[] }>(
    `${origin}/policies`,
    DIRECTUS_ADMIN,
  )
  const policy = policies.find(({ name }) => name === '$t:public_label')?.id
  await send(`${origin}/permissions`, DIRECTUS_ADMIN, { policy, ...permissions[0] })
  const account = { email: `bench-${Date.now()}@example.com`, password: 'seven red lanterns' }
  await send(`${origin}/users`, DIRECTUS_ADMIN, {
    ...account,
    policies: { create: [{ policy: { name: 'bench', permissions } }], update: [], delete: [] },
  })
  const { data } = await send<{ data: { access_token: string } }>(`${origin}/auth/login`, {}, account)
  const user = { Authorization: `Bearer ${data.access_token}` }

  const fieldsOf = ({ name, tags, description }: SmallAsset) => ({
    title: name,
    tags: JSON.stringify(tags),
    description,
  })
  const [first] = await plantAssets(async (asset) => {
    const form = new FormData()
    for (const [name, value] of Object.entries(fieldsOf(asset))) form.set(name, value)
    form.set('file', new File([SMALL_FILE], 'small.bin'))
    return send<{ data: { id: string } }>(`${origin}/files`, user, form)
  })
  const { body, contentType } = await smallForm(fieldsOf(smallAsset(7)))
  const newest = `limit=${PAGE}&sort=-uploaded_on`
  return {
    name: 'Directus',
    origin,
    pid,
    reads: {
      'get one by id': { path: `/files/${first?.data.id}` },
      '20 newest': { path: `/files?${newest}` },
      'own 20 newest': { path: `/files?${newest}&filter[uploaded_by][_eq]=$CURRENT_USER`, headers: user },
      ...searches((word) => `/files?limit=${PAGE}&search=${word}`),
    },
    smallUpload: [
      { method: 'POST', path: '/files', headers: { ...user, 'content-type': contentType }, body },
    ],
    async uploadLarge(file) {
      const { Authorization } = user
      const sent = ['-H', `Authorization: ${Authorization}`, '-F', `file=@${file}`, `${origin}/files`]
      const { body: answer, seconds } = await curl(...sent)
      const { id } = (JSON.parse(answer) as { data: { id: string } }).data
      return { seconds, download: ['-H', `Authorization: ${Authorization}`, `${origin}/assets/${id}`] }
    },
  }
}

/** The application and master key that `bench/README.md` says to start Parse Server with. */
const PARSE_APPLICATION = { 'X-Parse-Application-Id': 'peer' }
const PARSE_MASTER = { ...PARSE_APPLICATION, 'X-Parse-Master-Key': 'peer-master-key' }

/** Plants the assets in a running Parse Server: a file, and an object that points at it. */
export async function prepareParse(url: string, pid: number | undefined): Promise<Service> {
  const { origin, pathname: base } = new URL(url)
  // each run has a class of its own
  const className = `Asset${Date.now()}`
  await send(`${url}/schemas/${className}`, PARSE_MASTER, {
    fields: {
      ...{ name: { type: 'String' }, tags: { type: 'Array' }, description: { type: 'String' } },
      owner: { type: 'Pointer', targetClass: '_User' },
      file: { type: 'File' },
    },
    indexes: {
      words: { name: 'text', description: 'text' },
    },
  })
  const { objectId, sessionToken } = await send<{ objectId: string; sessionToken: string }>(
    `${url}/users`,
    PARSE_APPLICATION,
    { username: `bench-${Date.now()}`, password: 'seven red lanterns' },
  )
  const user = { ...PARSE_APPLICATION, 'X-Parse-Session-Token': sessionToken }
  const owner = { __type: 'Pointer', className: '_User', objectId }
  const objectOf = (asset: SmallAsset, file: { name: string }) => ({
    ...asset,
    owner,
    file: { __type: 'File', ...file },
  })
  const [first] = await plantAssets(async (asset) => {
    const headers = { ...user, 'Content-Type': 'application/octet-stream' }
    const file = await send<{ name: string }>(`${url}/files/small.bin`, headers, new Uint8Array(SMALL_FILE))
    return send<{ objectId: string }>(`${url}/classes/${className}`, user, objectOf(asset, file))
  })
  const find = (query: Record<string, string>) =>
    `${base}/classes/${className}?${new URLSearchParams({ limit: String(PAGE), ...query })}`
  const textOf = (word: string) => ({ name: { $text: { $search: { $term: word } } } })
  // ranked, as in Kura: without the order it answers any 20 of the results
  const ranked = { order: '$score', keys: '$score,name,tags,description,owner,file' }
  return {
    name: 'Parse Server',
    origin,
    pid,
    reads: {
      'get one by id': {
        path: `${base}/classes/${className}/${first?.objectId}`,
        headers: PARSE_APPLICATION,
      },
      '20 newest': { path: find({ order: '-createdAt' }), headers: PARSE_APPLICATION },
      'own 20 newest': {
        path: find({ order: '-createdAt', where: JSON.stringify({ owner }) }),
        headers: user,
      },
      ...searches((word) => find({ where: JSON.stringify(textOf(word)), ...ranked }), PARSE_APPLICATION),
    },
    smallUpload: [
      {
        method: 'POST',
        path: `${base}/files/small.bin`,
        headers: { ...user, 'content-type': 'application/octet-stream' },
        body: SMALL_FILE,
        onResponse: (_status, body, context) => Object.assign(context, { file: JSON.parse(body) }),
      },
      {
        method: 'POST',
        path: `${base}/classes/${className}`,
        headers: { ...user, 'content-type': 'application/json' },
        setupRequest: (request, context) => ({
          ...request,
          body: JSON.stringify(objectOf(smallAsset(7), (context as { file: { name: string } }).file)),
        }),
      },
    ],
    async uploadLarge(file) {
      const headers = Object.entries({ ...user, 'Content-Type': 'application/octet-stream' })
      const { body, seconds } = await curl(
        ...headers.flatMap(([name, value]) => ['-H', `${name}: ${value}`]),
        ...['-X', 'POST', '-T', file, `${url}/files/large.bin`],
      )
      return { seconds, download: [(JSON.parse(body) as { url: string }).url] }
    },
  }
}
