import { type Caller, STATES, type State } from '../support/app/access-fixture.ts'

/** The status for each state but `closed`, in the order of STATES: private, public, shared, locked. */
export type Statuses = readonly [number, number, number, number]

/** Expected statuses by caller. Callers without an entry count as `unrelated`, a link holder as `anonymous`. */
export type Expected = Partial<Record<Caller, Statuses>> & {
  anonymous: Statuses
  unrelated: Statuses
  /** The status in the state `closed` if it differs from `shared`. The owner's session has ended: default 401. */
  closed?: Partial<Record<Caller, number>>
}

export const always = (status: number): Statuses => [status, status, status, status]

export const everybody: Expected = { anonymous: always(200), unrelated: always(200) }
/** For signed-in users. A status of 400 means that they pass and that only the input is missing. */
export const users = (status: number): Expected => ({ anonymous: always(401), unrelated: always(status) })
export const admins = (...admin: Statuses): Expected => ({
  anonymous: always(401),
  unrelated: always(403),
  admin,
})

export const readers: Expected = {
  anonymous: [404, 200, 404, 404],
  unrelated: [404, 200, 404, 404],
  reader: [404, 200, 200, 200],
  writer: [404, 200, 200, 200],
  owner: always(200),
}
export const signedInReaders: Expected = { ...readers, anonymous: [404, 401, 404, 404] }

export const writers = (done: number): Expected => ({
  anonymous: always(401),
  unrelated: [404, 403, 404, 404],
  reader: [404, 403, 403, 403],
  writer: [404, 403, done, 423],
  owner: [done, done, done, 423],
})

export const owners = (...owner: Statuses): Expected => ({
  anonymous: always(401),
  unrelated: [404, 403, 404, 404],
  reader: [404, 403, 403, 403],
  writer: [404, 403, 403, 403],
  owner,
})
/** A list that only the owner sees. */
export const owned: Expected = { ...owners(...always(200)), anonymous: [404, 401, 404, 404] }

export const holders: Expected = {
  anonymous: always(404),
  unrelated: always(404),
  'link holder': always(200),
  closed: { 'link holder': 404, owner: 404 },
}

/** Projects are never public, and have no lock. */
const project = { anonymous: always(401), unrelated: always(404) }
export const projectReaders: Expected = {
  ...project,
  reader: [404, 404, 200, 200],
  writer: [404, 404, 200, 200],
  owner: always(200),
}
export const projectWriters = (done: number): Expected => ({
  ...project,
  reader: [404, 404, 403, 403],
  writer: [404, 404, done, done],
  owner: always(done),
})
export const projectOwners = (done: number): Expected => ({
  ...project,
  reader: [404, 404, 403, 403],
  writer: [404, 404, 403, 403],
  owner: always(done),
})

export const anybody = (status: number): Expected => ({
  anonymous: always(status),
  unrelated: always(status),
  closed: { owner: status },
})

/** Returns the expected status for a caller in a state. */
export const statusFor = (expected: Expected, caller: Caller, state: State): number => {
  if (state === 'closed')
    return expected.closed?.[caller] ?? (caller === 'owner' ? 401 : statusFor(expected, caller, 'shared'))
  const statuses = expected[caller] ?? (caller === 'link holder' ? expected.anonymous : expected.unrelated)
  return statuses[STATES.indexOf(state)] ?? Number.NaN
}

/** Returns whether a caller can read the asset of a scene. */
export const mayRead = (caller: Caller, state: State): boolean => statusFor(readers, caller, state) === 200
