import { compare, hash } from 'bcrypt'
import { PASSWORD } from './user-fields.ts'

/** A bcrypt hash. Refuses what bcrypt would truncate rather than hash a part of it. */
export async function hashPassword(password: string, cost: number): Promise<string> {
  if (Buffer.byteLength(password) > PASSWORD.max) throw new RangeError('a password has at most 72 bytes')
  return hash(password, cost)
}

/** Whether the password belongs to the hash; as slow for one that is too long to belong to any. */
export async function verifyPassword(password: string, passwordHash: string): Promise<boolean> {
  const matches = await compare(password, passwordHash)
  return matches && Buffer.byteLength(password) <= PASSWORD.max
}

const standIns = new Map<number, Promise<string>>()

/** Takes as long as `verifyPassword` for a hash of this cost, and fails: an unknown name costs what a wrong password costs. */
export async function verifyNothing(password: string, cost: number): Promise<false> {
  const standIn = standIns.get(cost) ?? hash('nobody has this password', cost)
  standIns.set(cost, standIn)
  await compare(password, await standIn)
  return false
}
