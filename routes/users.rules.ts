import { password } from './rules/password.ts'
import { preferences, profile } from './rules/profile.ts'

export const update = [...profile(), ...preferences()]

export const remove = [password()]
