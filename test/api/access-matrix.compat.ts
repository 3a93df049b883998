import type { AccessFixture } from '../support/app/access-fixture.ts'
import { mp4, obj, svg } from '../support/data/samples.ts'
import {
  always,
  anybody,
  type Expected,
  owners,
  projectWriters,
  readers,
  users,
  writers,
} from './access-matrix.expected.ts'
import type { Row } from './access-matrix.table.ts'

const ownersAlone: Expected = { anonymous: always(401), unrelated: always(404), owner: always(200) }
/** Anonymous callers get 400, because their input has no credentials. */
const known: Expected = { anonymous: always(400), unrelated: always(200) }

/** The routes of the Kumo service, which has each asset by two names. */
function kumo(name: 'collection' | 'upload', file: string): Row[] {
  const at = ({ asset }: AccessFixture) => `/${name}s/${asset._id}`
  const bare = true as const
  return [
    { route: `GET /${name}s`, send: (as) => as.get(`/${name}s`), expected: users(200), bare },
    {
      route: `POST /${name}s`,
      send: (as) => as.post(`/${name}s`).attach(file, svg(), 'a.svg'),
      expected: users(201),
      bare,
    },
    {
      route: `GET /${name}s/:assetId`,
      send: (as, on) => as.get(at(on)),
      expected: { ...readers, anonymous: always(401) },
      bare,
    },
    {
      route: `PATCH /${name}s/:assetId`,
      send: (as, on) => as.patch(at(on)).send({ [name]: { title: 'x' } }),
      expected: writers(204),
      changes: true,
      bare,
    },
    {
      route: `DELETE /${name}s/:assetId`,
      send: (as, on) => as.delete(at(on)),
      expected: owners(204, 204, 204, 423),
      changes: true,
      bare,
    },
  ]
}

/** Routes of earlier services. */
export const COMPAT: Row[] = [
  { route: 'POST /api/create', send: (as) => as.post('/api/create').send({}), expected: anybody(400) },
  { route: 'POST /api/login', send: (as) => as.post('/api/login').send({}), expected: known },
  { route: 'POST /api/auth', send: (as) => as.post('/api/auth').send({}), expected: known },
  {
    route: 'POST /api/upload',
    send: (as) => as.post('/api/upload').attach('file', obj(), 'a.obj'),
    expected: users(201),
  },
  {
    route: 'POST /api/remove',
    send: (as, { asset }) => as.post('/api/remove').send({ id: asset._id.toString() }),
    expected: owners(200, 200, 200, 423),
    changes: true,
  },

  { route: 'GET /images', send: (as) => as.get('/images'), expected: users(200) },
  {
    route: 'POST /images',
    send: (as) => as.post('/images').attach('image', svg(), 'a.svg'),
    expected: users(201),
  },
  {
    route: 'GET /images/:assetId',
    send: (as, { asset }) => as.get(`/images/${asset._id}`),
    expected: ownersAlone,
  },

  { route: 'POST /login', send: (as) => as.post('/login').send({}), expected: anybody(400) },
  { route: 'POST /user', send: (as) => as.post('/user').send({}), expected: anybody(400) },
  {
    route: 'GET /user/:userId',
    send: (as, { owner }) => as.get(`/user/${owner.user.id}`),
    expected: ownersAlone,
  },
  {
    route: 'POST /base',
    send: (as, on) =>
      as.post('/base').field('projectId', String(on.projectId)).attach('file', svg(), 'a.svg'),
    expected: projectWriters(201),
    changes: true,
  },
  {
    route: 'POST /overlay',
    send: (as, on) =>
      as.post('/overlay').field('projectId', String(on.projectId)).attach('file', mp4(), 'a.mp4'),
    expected: projectWriters(201),
    changes: true,
  },

  ...kumo('collection', 'image[file]'),
  ...kumo('upload', 'upload[file]'),
  { route: 'POST /sign-up', send: (as) => as.post('/sign-up').send({}), expected: anybody(422), bare: true },
  { route: 'POST /sign-in', send: (as) => as.post('/sign-in').send({}), expected: anybody(422), bare: true },
  {
    route: 'PATCH /change-password',
    send: (as) => as.patch('/change-password').send({}),
    expected: users(422),
    bare: true,
  },
  {
    route: 'DELETE /sign-out',
    // other rows need the sessions: the token of a session that is none is refused like no token
    send: (as, _on, caller) =>
      as.delete('/sign-out').set(caller === 'anonymous' ? {} : { Authorization: 'x' }),
    expected: anybody(401),
    bare: true,
  },
]
