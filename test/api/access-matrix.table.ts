import type { Response } from 'supertest'
import {
  type AccessFixture,
  CALLERS,
  type Caller,
  type Requests,
  STATES,
  type State,
} from '../support/app/access-fixture.ts'
import { obj, png } from '../support/data/samples.ts'
import { COMPAT } from './access-matrix.compat.ts'
import {
  admins,
  always,
  anybody,
  type Expected,
  everybody,
  holders,
  owned,
  owners,
  projectOwners,
  projectReaders,
  projectWriters,
  readers,
  signedInReaders,
  users,
  writers,
} from './access-matrix.expected.ts'

export interface Row {
  /** Method and pattern, as in the router. */
  route: string
  send: (as: Requests, on: AccessFixture, caller: Caller) => PromiseLike<Response>
  expected: Expected
  /** The states to test; default all. */
  states?: readonly State[]
  /** Whether a success changes the scene. */
  changes?: true
  /** Whether its errors are `{name, message}` without the envelope. */
  bare?: true
  /** Whether it lists assets. An asset that the caller cannot read must not be in the answer. */
  lists?: true
}

const NEITHER = '64b000000000000000000000'
/** A signed URL of a disabled user is invalid for everybody. */
const ended = Object.fromEntries(CALLERS.map((caller) => [caller, 404]))
const holds = (caller: Caller) => caller === 'link holder'
const open = (path: string): Row => ({
  route: `GET ${path}`,
  send: (as) => as.get(path),
  expected: everybody,
})

const OPEN: Row[] = [
  open('/healthz'),
  open('/readyz'),
  open('/'),
  open('/api'),
  open('/metrics'),
  open('/openapi.json'),
  open('/docs'),
  open('/docs/start.js'),
  open('/docs/swagger-ui.css'),
  open('/docs/swagger-ui-bundle.js'),
]

const ASSETS: Row[] = [
  {
    route: 'GET /api/assets',
    send: (as, { asset }) => as.get(`/api/assets?tag=${asset.name}&facets=1&count=1`),
    expected: everybody,
    lists: true,
  },
  {
    route: 'GET /api/assets/suggest',
    send: (as, { asset }) => as.get(`/api/assets/suggest?q=${asset.name}`),
    expected: everybody,
  },
  {
    route: 'POST /api/assets',
    send: (as) => as.post('/api/assets').attach('files', obj(), 'a.obj'),
    expected: users(201),
  },
  {
    route: 'PUT /api/files/:filename',
    send: (as) => as.put('/api/files/a.obj').send(obj()),
    expected: users(201),
  },
  { route: 'PUT /api/files', send: (as) => as.put('/api/files/').send(obj()), expected: users(400) },
  { route: 'GET /api/assets/:assetId', send: (as, on) => as.get(on.at()), expected: readers },
  {
    route: 'PATCH /api/assets/:assetId',
    send: (as, on) => as.patch(on.at()).send({ description: 'x' }),
    expected: writers(200),
    changes: true,
  },
  {
    route: 'DELETE /api/assets/:assetId',
    send: (as, on) => as.delete(on.at()),
    expected: owners(204, 204, 204, 423),
    changes: true,
  },
  {
    route: 'GET /api/assets/:assetId/download',
    send: (as, on) => as.get(on.at('/download')),
    expected: readers,
  },
  {
    route: 'GET /api/assets/:assetId/files/:fileId',
    send: (as, on) => as.get(on.at(`/files/${on.fileId}`)),
    expected: readers,
  },
  {
    route: 'GET /api/assets/:assetId/url',
    send: (as, on) => as.get(on.at('/url')),
    expected: signedInReaders,
  },
  {
    route: 'PUT /api/assets/:assetId/files',
    send: (as, on) => as.put(on.at('/files')).attach('files', obj(), 'a.obj'),
    expected: writers(200),
    changes: true,
  },
  {
    route: 'GET /api/assets/:assetId/images/:imageId',
    send: (as, on) => as.get(on.at(`/images/${on.imageId}`)),
    expected: readers,
  },
  {
    route: 'POST /api/assets/:assetId/images',
    send: async (as, on) => as.post(on.at('/images')).attach('images', await picture(), 'a.png'),
    expected: writers(201),
    changes: true,
  },
  {
    route: 'DELETE /api/assets/:assetId/images/:imageId',
    send: (as, on) => as.delete(on.at(`/images/${on.imageId}`)),
    expected: writers(204),
    changes: true,
  },
]

const SHARING: Row[] = [
  {
    route: 'GET /api/assets/:assetId/collaborators',
    send: (as, on) => as.get(on.at('/collaborators')),
    expected: owned,
  },
  {
    route: 'PUT /api/assets/:assetId/collaborators/:username',
    send: (as, on) => as.put(on.at('/collaborators/unrelated')).send({ access: 'write' }),
    expected: owners(...always(200)),
    changes: true,
  },
  {
    route: 'DELETE /api/assets/:assetId/collaborators/:username',
    send: (as, on) => as.delete(on.at('/collaborators/reader')),
    expected: owners(404, 404, 204, 204),
    changes: true,
  },
  { route: 'GET /api/assets/:assetId/links', send: (as, on) => as.get(on.at('/links')), expected: owned },
  {
    route: 'POST /api/assets/:assetId/links',
    send: (as, on) => as.post(on.at('/links')).send({}),
    expected: owners(...always(201)),
    changes: true,
  },
  {
    route: 'PATCH /api/assets/:assetId/links/:linkId',
    send: (as, on) => as.patch(on.at(`/links/${on.linkId}`)).send({ label: 'x' }),
    expected: owners(...always(200)),
    changes: true,
  },
  {
    route: 'DELETE /api/assets/:assetId/links/:linkId',
    send: (as, on) => as.delete(on.at(`/links/${on.linkId}`)),
    expected: owners(...always(204)),
    changes: true,
  },
  {
    route: 'PUT /api/assets/:assetId/lock',
    send: (as, on) => as.put(on.at('/lock')).send({ legalHold: true }),
    expected: owners(...always(200)),
    changes: true,
  },
  {
    route: 'DELETE /api/assets/:assetId/lock',
    send: (as, on) => as.delete(on.at('/lock')),
    expected: owners(204, 204, 204, 423),
    changes: true,
  },
]

/** Links and signed URLs, which everybody who has them can use. */
const BEARERS: Row[] = [
  { route: 'GET /api/links', send: (as) => as.get('/api/links'), expected: users(200) },
  {
    route: 'GET /api/links/:token',
    send: (as, on, who) => as.get(on.byLink(holds(who))),
    expected: holders,
  },
  {
    route: 'GET /api/links/:token/url',
    send: (as, on, who) => as.get(on.byLink(holds(who), '/url')),
    expected: holders,
  },
  {
    route: 'GET /api/links/:token/download',
    send: (as, on, who) => as.get(on.byLink(holds(who), '/download')),
    expected: holders,
  },
  {
    route: 'GET /api/links/:token/files/:fileId',
    send: (as, on, who) => as.get(on.byLink(holds(who), `/files/${on.fileId}`)),
    expected: holders,
  },
  {
    route: 'GET /api/links/:token/images/:imageId',
    send: (as, on, who) => as.get(on.byLink(holds(who), `/images/${on.imageId}`)),
    expected: holders,
  },
  {
    route: 'GET /api/signed/:token',
    send: (as, on) => as.get(on.signedUrl),
    expected: { ...everybody, closed: ended },
  },
]

const ACCOUNTS: Row[] = [
  {
    route: 'POST /api/auth/register',
    send: (as) => as.post('/api/auth/register').send({}),
    expected: anybody(400),
  },
  {
    route: 'POST /api/auth/login',
    send: (as) => as.post('/api/auth/login').send({}),
    expected: anybody(400),
  },
  { route: 'POST /api/auth/logout', send: (as) => as.post('/api/auth/logout?x=1'), expected: users(400) },
  {
    route: 'PUT /api/auth/password',
    send: (as) => as.put('/api/auth/password').send({}),
    expected: users(400),
  },
  { route: 'GET /api/auth/session', send: (as) => as.get('/api/auth/session'), expected: users(200) },
  { route: 'GET /api/auth/sessions', send: (as) => as.get('/api/auth/sessions'), expected: users(200) },
  {
    route: 'DELETE /api/auth/sessions/:sessionId',
    send: (as) => as.delete(`/api/auth/sessions/${NEITHER}`),
    expected: users(404),
  },
  { route: 'GET /api/changes', send: (as) => as.get('/api/changes?limit=1'), expected: users(200) },
  { route: 'GET /api/space', send: (as) => as.get('/api/space'), expected: users(200) },
  { route: 'GET /api/users', send: (as) => as.get('/api/users?q=nobody'), expected: users(200) },
  { route: 'GET /api/users/me', send: (as) => as.get('/api/users/me'), expected: users(200) },
  { route: 'PATCH /api/users/me', send: (as) => as.patch('/api/users/me').send({}), expected: users(200) },
  { route: 'DELETE /api/users/me', send: (as) => as.delete('/api/users/me').send({}), expected: users(400) },
  {
    route: 'GET /api/users/me/activity',
    send: (as) => as.get('/api/users/me/activity?limit=1'),
    expected: users(200),
  },
  {
    route: 'GET /api/users/:userId',
    send: (as, { owner }) => as.get(`/api/users/${owner.user.id}`),
    expected: { ...users(404), owner: always(200), admin: always(200) },
  },
  {
    route: 'PATCH /api/users/:userId',
    send: (as, { owner }) => as.patch(`/api/users/${owner.user.id}`).send({ space: { limit: 1 } }),
    expected: admins(...always(200)),
    changes: true,
  },
  {
    route: 'DELETE /api/users/:userId',
    send: (as, { owner }) => as.delete(`/api/users/${owner.user.id}`),
    expected: admins(204, 204, 204, 423),
    changes: true,
  },
]

const ADMINISTRATION: Row[] = [
  {
    route: 'GET /api/admin/activity',
    send: (as) => as.get('/api/admin/activity?limit=1'),
    expected: admins(...always(200)),
  },
  {
    route: 'GET /api/admin/assets/:assetId',
    send: (as, { asset }) => as.get(`/api/admin/assets/${asset._id}`),
    expected: admins(...always(200)),
  },
  {
    route: 'DELETE /api/admin/assets/:assetId',
    send: (as, { asset }) => as.delete(`/api/admin/assets/${asset._id}`),
    expected: { ...admins(403, 204, 403, 403), closed: { admin: 204 } },
    changes: true,
  },
  {
    route: 'DELETE /api/admin/assets/:assetId/lock',
    send: (as, { asset }) => as.delete(`/api/admin/assets/${asset._id}/lock`),
    expected: admins(204, 204, 204, 423),
    changes: true,
  },
]

/** Only the owner has the tag. A locked asset keeps it. */
const ofTagOwner: Expected = { anonymous: always(401), unrelated: always(404), owner: always(200) }
const TAGS: Row[] = [
  {
    route: 'GET /api/tags',
    send: (as, { asset }) => as.get(`/api/tags?q=${asset.name}`),
    expected: everybody,
  },
  {
    route: 'PATCH /api/tags/:tag',
    send: (as, { asset }) => as.patch(`/api/tags/${asset.name}`).send({ tag: 'x' }),
    expected: ofTagOwner,
    changes: true,
  },
  {
    route: 'DELETE /api/tags/:tag',
    send: (as, { asset }) => as.delete(`/api/tags/${asset.name}`),
    expected: ofTagOwner,
    changes: true,
  },
]

const PROJECTS: Row[] = [
  { route: 'GET /api/projects', send: (as) => as.get('/api/projects?limit=1'), expected: users(200) },
  {
    route: 'POST /api/projects',
    send: (as) => as.post('/api/projects').send({ title: 'x' }),
    expected: users(201),
  },
  { route: 'GET /api/projects/:projectId', send: (as, on) => as.get(on.project), expected: projectReaders },
  {
    route: 'PATCH /api/projects/:projectId',
    send: (as, on) => as.patch(on.project).send({ title: 'x' }),
    expected: projectWriters(200),
    changes: true,
  },
  {
    route: 'DELETE /api/projects/:projectId',
    send: (as, on) => as.delete(on.project),
    expected: projectOwners(204),
    changes: true,
  },
  {
    route: 'POST /api/projects/:projectId/scenes',
    send: (as, on) => as.post(`${on.project}/scenes`).send({}),
    expected: projectWriters(201),
    changes: true,
  },
  {
    route: 'PATCH /api/projects/:projectId/scenes/:sceneId',
    send: (as, on) => as.patch(`${on.project}/scenes/${on.sceneId}`).send({}),
    expected: projectWriters(200),
    changes: true,
  },
  {
    route: 'DELETE /api/projects/:projectId/scenes/:sceneId',
    send: (as, on) => as.delete(`${on.project}/scenes/${on.sceneId}`),
    expected: projectWriters(204),
    changes: true,
  },
  {
    route: 'GET /api/projects/:projectId/collaborators',
    send: (as, on) => as.get(`${on.project}/collaborators`),
    expected: projectOwners(200),
  },
  {
    route: 'PUT /api/projects/:projectId/collaborators/:username',
    send: (as, on) => as.put(`${on.project}/collaborators/unrelated`).send({ access: 'read' }),
    expected: projectOwners(200),
    changes: true,
  },
  {
    route: 'DELETE /api/projects/:projectId/collaborators/:username',
    send: (as, on) => as.delete(`${on.project}/collaborators/reader`),
    expected: { ...projectOwners(204), owner: [404, 404, 204, 204] },
    changes: true,
  },
]

/** A route with no asset, project or user in its path, nor in its list, is the same in all states. */
function only(rows: Row[], states: readonly State[]): Row[] {
  return rows.map((row) => ({ ...row, states: row.lists || row.route.includes(':') ? states : ['private'] }))
}

export const MATRIX: Row[] = [
  ...only([...OPEN, ...ASSETS, ...TAGS, ...SHARING, ...BEARERS, ...ACCOUNTS, ...ADMINISTRATION], STATES),
  // nor are projects ever public or locked
  ...only(PROJECTS, ['private', 'shared', 'closed']),
  ...COMPAT,
]

let drawn: Promise<Buffer> | undefined
function picture(): Promise<Buffer> {
  drawn ??= png({ width: 8, height: 8 })
  return drawn
}
