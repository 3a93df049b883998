import type { SessionFields } from '../session.ts'

/** A session as its user sees it; `current` is the one that asks (contract §2). */
export function sessionView(
  { _id, createdAt, lastAccessAt, expiresAt, userAgent }: SessionFields,
  current: SessionFields,
) {
  return {
    id: _id.toString(),
    createdAt,
    lastAccessAt,
    expiresAt,
    userAgent,
    current: _id.equals(current._id),
  }
}
