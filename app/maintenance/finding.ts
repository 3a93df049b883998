import type { Discrepancy, Sums } from './reconcile.ts'

/** Something that store and documents do not agree on, or that a dead process has left. */
export type Fault =
  | { kind: 'orphan'; key: string; size: number }
  | { kind: 'missing'; key: string; asset: string }
  | { kind: 'size'; key: string; asset: string; recorded: number; stored: number }
  | { kind: 'ownerless'; owner: string }
  | { kind: 'unfinished'; prefix: string }
  | { kind: 'upload'; id: string }
  | { kind: 'removal'; asset: string }
  | { kind: 'pending'; asset: string }
  | { kind: 'sums'; discrepancy: Discrepancy }

/** Whether it can be put right without knowing what is lost; else only a backup helps. */
export const isMendable = ({ kind }: Fault) => !['missing', 'size', 'ownerless'].includes(kind)

/** A fault in words. */
export function describeFault(fault: Fault): string {
  switch (fault.kind) {
    case 'orphan':
      return `object ${fault.key} (${fault.size} bytes) is named by no document`
    case 'missing':
      return `asset ${fault.asset} names object ${fault.key}, which is not there`
    case 'size':
      return `object ${fault.key} of asset ${fault.asset} has ${fault.stored} bytes, not ${fault.recorded}`
    case 'ownerless':
      return `account ${fault.owner}, which does not exist, has assets`
    case 'unfinished':
      return `something unfinished under ${fault.prefix} belongs to no upload`
    case 'upload':
      return `upload ${fault.id} is dead`
    case 'removal':
      return `a removal from asset ${fault.asset} has not ended`
    case 'pending':
      return `asset ${fault.asset} waits for an upload that is over`
    case 'sums':
      return describeDiscrepancy(fault.discrepancy)
  }
}

/** What mending it does. */
export function describeRemedy({ kind }: Fault): string {
  switch (kind) {
    case 'orphan':
      return 'is to be removed'
    case 'unfinished':
      return 'is to be abandoned'
    case 'upload':
      return 'is to be undone'
    case 'removal':
      return 'is to be ended'
    case 'pending':
      return 'is to be removed'
    case 'sums':
      return 'is to be corrected'
    default:
      return 'can only come from a backup'
  }
}

export function describeDiscrepancy({ username, was, is, strays }: Discrepancy): string {
  const whose = username === null ? 'the server' : `user ${username}`
  const forgotten = strays > 0 ? `; ${strays} forgotten entries` : ''
  return `space of ${whose}: ${describeSums(was)}, should be ${describeSums(is)}${forgotten}`
}

const describeSums = ({ used, reserved, files, reservedFiles }: Sums) =>
  `${used} bytes used, ${reserved} reserved, ${files} files, ${reservedFiles} reserved`
