import { type Interval, indexedBy, NOT_NULL, typeRange } from '../query/intervals.ts'
import { isOperatorDoc } from '../query/match.ts'
import { rankNamed } from '../query/predicates.ts'
import { type Doc, Rank } from '../values/types.ts'

/** What a partial index demands of the documents in it: the values each path may have. */
export type Condition = ReadonlyMap<string, Interval[]>

/** Reads a partialFilterExpression: one operator for each path; undefined when it says more than that. */
export function conditionOf(filter: Doc): Condition | undefined {
  const found = new Map<string, Interval[]>()
  for (const [path, condition] of Object.entries(filter)) {
    const operators = Object.entries(isOperatorDoc(condition) ? condition : { $eq: condition })
    const [intervals, more] = operators.map(([operator, operand]) => allowedBy(operator, operand))
    if (path.startsWith('$') || !intervals || more) return undefined
    found.set(path, intervals)
  }
  return found
}

function allowedBy(operator: string, operand: unknown): Interval[] | undefined {
  if (operator === '$exists') return operand ? [NOT_NULL] : undefined
  if (operator !== '$type') return indexedBy(operator, operand)
  const rank = rankNamed(operand)
  return rank === Rank.null || rank === Rank.array ? undefined : [typeRange(rank)]
}
