import { useEffect, useState } from 'preact/hooks'
import { at } from '../base.ts'
import { queries } from './query.ts'
import type { components } from './schema.ts'

export type Account = components['schemas']['User']

interface State {
  token: string | null
  account: Account | null
  /** Whether the session has ended and requests wait for a new one. */
  ended: boolean
}

const KEY = 'kura.session'

/** The token is in the memory of the page and in one storage: `localStorage` if the user wants to stay signed in. */
let state: State = { token: null, account: null, ended: false, ...read() }
const listeners = new Set<(state: State) => void>()
/** Tells other windows that their session was signed out. Storage events tell only of `localStorage`. */
const channel = new BroadcastChannel(KEY)
let renewal: { promise: Promise<boolean>; settle: (renewed: boolean) => void } | null = null

function read(): Partial<State> {
  try {
    const stored = sessionStorage.getItem(KEY) ?? localStorage.getItem(KEY)
    return stored ? { ...JSON.parse(stored), ended: false } : {}
  } catch {
    // Storage can be forbidden, and its content can be anything. Then nobody is signed in.
    return {}
  }
}

function write(keep: boolean | null): void {
  try {
    const { token, account } = state
    const storage = (keep ?? localStorage.getItem(KEY) !== null) ? localStorage : sessionStorage
    for (const other of [sessionStorage, localStorage]) if (other !== storage || !token) other.removeItem(KEY)
    if (token) storage.setItem(KEY, JSON.stringify({ token, account }))
  } catch {
    // without storage the session lasts as long as the page
  }
}

function change(to: Partial<State>, keep: boolean | null = null): void {
  state = { ...state, ...to }
  write(keep)
  for (const listener of listeners) listener(state)
}

export const session = {
  get token(): string | null {
    return state.token
  },

  get account(): Account | null {
    return state.account
  },

  /** Stores a new session. @param keep whether it outlives the window; null: as the former one */
  begin(token: string, account: Account, keep: boolean | null): void {
    const isOther = state.account !== null && state.account.id !== account.id
    const isRenewed = state.ended && !isOther
    change({ token, account, ended: false }, keep)
    // what one account asked for must not be done by another
    settle(!isOther)
    if (isOther) restart()
    // what waited for a renewed session is still wanted
    else if (!isRenewed) queries.clear()
  },

  /** Updates the account after it was read or changed. */
  update(account: Account): void {
    change({ account })
  },

  /** Forgets the session here and in other windows, with everything that the page read for its account. */
  end(): void {
    if (state.token) channel.postMessage({ ended: state.token })
    change({ token: null, account: null, ended: false }, false)
    settle(false)
    restart()
  },

  /** Asks the user to sign in again. Returns whether they did. All requests that wait share one question. */
  renew(): Promise<boolean> {
    if (!renewal) {
      let settle: (renewed: boolean) => void = () => undefined
      const promise = new Promise<boolean>((resolve) => {
        settle = resolve
      })
      renewal = { promise, settle }
      change({ ended: true })
    }
    return renewal.promise
  },
}

/** Returns the session, and renders again when it changes. */
export function useSession(): Readonly<State> {
  const [shown, setShown] = useState(state)
  useEffect(() => {
    setShown(state)
    listeners.add(setShown)
    return () => {
      listeners.delete(setShown)
    }
  }, [])
  return shown
}

function settle(renewed: boolean): void {
  renewal?.settle(renewed)
  renewal = null
}

/** Opens the gallery as a new document, so that nothing of the former account stays in memory. */
function restart(): void {
  queries.clear()
  location.assign(at('/'))
}

/** Follows a window of the same browser that signed in or out. */
function follow({ token, account }: Pick<State, 'token' | 'account'>): void {
  const former = state.account
  state = { token, account, ended: false }
  for (const listener of listeners) listener(state)
  settle(former !== null && former.id === account?.id)
  if (!former) queries.resetQueries()
  else if (former.id !== account?.id) restart()
}

addEventListener('storage', ({ key, storageArea }) => {
  if (key !== KEY || storageArea !== localStorage) return
  const { token = null, account = null } = read()
  if (token !== state.token) follow({ token, account })
})

channel.addEventListener('message', ({ data }) => {
  if (!state.token || data?.ended !== state.token) return
  follow({ token: null, account: null })
  write(false)
})
