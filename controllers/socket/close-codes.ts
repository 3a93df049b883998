/** Why the service closes a socket (RFC 6455 §7.4.1; 4000 to 4999 are an application's own). */
export const GOING_AWAY = 1001
export const POLICY_VIOLATION = 1008
export const TOO_BIG = 1009
export const UNAUTHENTICATED = 4401
