/** What becomes of a chosen file or folder: one asset. */
export type State =
  /** Has its turn later. */
  | 'waiting'
  | 'running'
  /** Failed, and is tried again at `retryAt` without a question. */
  | 'delayed'
  /** Failed, and is tried again when the user wants it. */
  | 'failed'
  | 'paused'
  /** The user already has an asset of this file and is asked what to do. */
  | 'duplicate'
  /** The browser can reopen the file when the user allows it. */
  | 'permission'
  /** The file must be chosen again: the page was reloaded, or the file was changed, moved or deleted. */
  | 'missing'
  | 'done'
  /** In no window any more, and not stored. */
  | 'removed'

/** What users can do with an upload, in the order of the buttons. */
const ACTIONS = ['pause', 'resume', 'retry', 'skip', 'anyway', 'allow', 'cancel'] as const
export type Action = (typeof ACTIONS)[number]

export type Step =
  | Action
  /** An attempt begins. */
  | 'begin'
  /** How it ends; `fail` also when the asset of a cancelled upload cannot be deleted. */
  | 'finish'
  | 'fail'
  | 'delay'
  /** The session has ended, or the fields were changed during the attempt. */
  | 'requeue'
  | 'match'
  | 'refuse'
  | 'lose'
  /** The files were chosen again. */
  | 'choose'
  /** The fields or the picture were changed after the upload, or are what they were before. */
  | 'change'
  | 'undo'
  /** The window that owned it was closed. */
  | 'takeOver'

/**
 * Leads from the state of an upload to the next one. A step that a state does not have changes nothing: a window pressed a
 * button before it heard of a newer state.
 *
 * Only the owner of an upload changes it: the window whose id is its `window`. Others send it what their user does. Each
 * change has a higher `revision`, by which all windows and the stored queue know the newest form, in whatever order they
 * get it. When the owner is closed, one of the others becomes the owner of that form.
 */
const NEXT: Record<State, Partial<Record<Step, State>>> = {
  waiting: { pause: 'paused', cancel: 'removed', begin: 'running', fail: 'failed', undo: 'done' },
  running: {
    pause: 'paused',
    cancel: 'removed',
    finish: 'done',
    fail: 'failed',
    delay: 'delayed',
    requeue: 'waiting',
    match: 'duplicate',
    refuse: 'permission',
    lose: 'missing',
    takeOver: 'waiting',
  },
  delayed: { retry: 'waiting', cancel: 'removed', begin: 'running', fail: 'failed', undo: 'done' },
  failed: { retry: 'waiting', cancel: 'removed', fail: 'failed', undo: 'done' },
  paused: { resume: 'waiting', cancel: 'removed', fail: 'failed', undo: 'done' },
  duplicate: { skip: 'removed', anyway: 'waiting' },
  permission: { allow: 'waiting', cancel: 'removed', lose: 'missing', choose: 'waiting' },
  missing: { cancel: 'removed', choose: 'waiting' },
  done: { change: 'waiting' },
  removed: {},
}

/** Returns the state after a step; null if the state does not have this step. */
export const nextState = (state: State, step: Step): State | null => NEXT[state][step] ?? null

/** Returns what a user can do with an upload. */
export const actionsOf = (state: State): Action[] => ACTIONS.filter((action) => nextState(state, action))

/** Tells whether an upload failed, also when it is tried again without a question. */
export const hasFailed = (state: State): boolean => state === 'failed' || state === 'delayed'
