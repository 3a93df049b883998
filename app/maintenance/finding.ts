import type { Discrepancy, Sums } from './reconcile.ts'

/** A difference between store and documents, or something that a process did not finish before it died. */
export type Finding =
  | { kind: 'orphan'; key: string; size: number }
  | { kind: 'missing'; key: string; asset: string }
  | { kind: 'size'; key: string; asset: string; recorded: number; stored: number }
  | { kind: 'ownerless'; owner: string }
  | { kind: 'unfinished'; prefix: string }
  | { kind: 'upload'; id: string }
  | { kind: 'removal'; asset: string }
  | { kind: 'pending'; asset: string }
  | { kind: 'set'; id: string }
  | { kind: 'lost-set'; set: string; asset: string }
  | { kind: 'usage'; discrepancy: Discrepancy }

/** Returns whether the check can fix a finding. Lost data can only come from a backup. */
export const isFixable = ({ kind }: Finding) => !['missing', 'size', 'ownerless', 'lost-set'].includes(kind)

/** Returns a clause that describes the finding. */
export function describeFinding(finding: Finding): string {
  switch (finding.kind) {
    case 'orphan':
      return `no document names object ${finding.key} (${finding.size} bytes)`
    case 'missing':
      return `asset ${finding.asset} names object ${finding.key}, which is missing`
    case 'size':
      return `object ${finding.key} of asset ${finding.asset} has ${finding.stored} bytes, not ${finding.recorded}`
    case 'ownerless':
      return `account ${finding.owner} does not exist, but has assets`
    case 'unfinished':
      return `unfinished objects under ${finding.prefix} belong to no upload`
    case 'upload':
      return `upload ${finding.id} has no heartbeat`
    case 'removal':
      return `a removal from asset ${finding.asset} is not finished`
    case 'pending':
      return `asset ${finding.asset} waits for an upload that does not exist`
    case 'set':
      return `no asset names file set ${finding.id}`
    case 'lost-set':
      return `asset ${finding.asset} names file set ${finding.set}, which is missing`
    case 'usage':
      return describeDiscrepancy(finding.discrepancy)
  }
}

/** Returns what `--fix` does about a finding, as the end of a sentence that begins with "--fix". */
export function describeFix({ kind }: Finding): string {
  switch (kind) {
    case 'orphan':
      return '--fix deletes it'
    case 'unfinished':
      return '--fix aborts them'
    case 'upload':
      return '--fix discards it'
    case 'removal':
      return '--fix finishes it'
    case 'pending':
    case 'set':
      return '--fix deletes it'
    case 'usage':
      return '--fix corrects it'
    default:
      return 'only a backup can restore it'
  }
}

export function describeDiscrepancy({ username, was, is, orphans }: Discrepancy): string {
  const whose = username === null ? 'the server' : `user ${username}`
  const orphaned = orphans > 0 ? `; ${orphans} orphaned reservations` : ''
  return `usage of ${whose}: ${describeSums(was)}, should be ${describeSums(is)}${orphaned}`
}

const describeSums = ({ used, reserved, files, reservedFiles }: Sums) =>
  `${used} bytes used, ${reserved} reserved, ${files} files, ${reservedFiles} reserved`
