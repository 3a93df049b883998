/** The access levels of an account. Admins also see and administer the accounts and assets of others. */
export const ACCESS_LEVELS = ['user', 'admin'] as const
export type AccessLevel = (typeof ACCESS_LEVELS)[number]
