import type { Audit, Origin } from './audit.ts'

/** The services for one request: what they put on record names its origin. */
export const servicesFor = <S extends { audit: Audit }>(services: S, origin: Origin): S => ({
  ...services,
  audit: (act) => services.audit(act, origin),
})
