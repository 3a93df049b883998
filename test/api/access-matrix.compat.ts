import { mp4, obj, svg } from '../support/data/samples.ts'
import { always, anybody, type Expected, owners, projectWriters, users } from './access-matrix.expected.ts'
import type { Row } from './access-matrix.table.ts'

const ownersAlone: Expected = { anonymous: always(401), unrelated: always(404), owner: always(200) }
/** Anonymous callers get 400, because their input has no credentials. */
const known: Expected = { anonymous: always(400), unrelated: always(200) }

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
]
