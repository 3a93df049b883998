import type { Audit } from './audit.ts'

/** From where something is asked. */
export interface Origin {
  address: string | null
  userAgent: string | null
  requestId: string | null
}

/** Of what the service does by itself. */
export const NOWHERE: Origin = { address: null, userAgent: null, requestId: null }

/** The services for one request: what they put on record names its origin. */
export const servicesFor = <S extends { audit: Audit }>(services: S, origin: Origin): S => ({
  ...services,
  audit: (act) => services.audit(act, origin),
})
