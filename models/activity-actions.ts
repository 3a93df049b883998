/** What users do that is worth a record. */
const USER_ACTIONS = [
  'account.registered',
  'account.deleted',
  'login.succeeded',
  'login.failed',
  'password.changed',
  'password.refused',
  'session.ended',
  'session.revoked',
  'collaborator.set',
  'collaborator.removed',
  'link.created',
  'link.revoked',
  'lock.set',
  'lock.released',
  'asset.visibility_changed',
  'asset.deleted',
  'project.deleted',
] as const

/** What admins do with what is not theirs. */
const ADMIN_ACTIONS = ['user.changed', 'user.deleted', 'asset.taken_down', 'lock.lifted'] as const

export const ACTIONS = [...USER_ACTIONS, ...ADMIN_ACTIONS] as const
export type Action = (typeof ACTIONS)[number]

/** What stays on record when the account of who did it is deleted. */
export const LASTING_ACTIONS: readonly Action[] = [...ADMIN_ACTIONS, 'account.deleted']
