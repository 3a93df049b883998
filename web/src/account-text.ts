/** Texts of the account page and of the activity. */
export const accountText = {
  profile: {
    title: 'Profile',
    hint: 'How other people see you.',
    username: 'Username',
    usernameHint: 'It cannot be changed.',
    name: 'Name',
    email: 'Email',
    emailHint: 'Only you and administrators see it. You can sign in with it.',
    discoverable: 'Other users can find me',
    discoverableHint:
      'On: other users find you by your name and see it on your public assets. Off: only people who share assets with you know your name.',
    saved: 'Profile saved',
  },
  password: {
    title: 'Password',
    hint: 'A new password signs out all your other devices.',
    current: 'Current password',
    next: 'New password',
    nextHint: 'At least 8 characters.',
    change: 'Change password',
    changed: 'Password changed. All other devices are signed out.',
  },
  sessions: {
    title: 'Sessions',
    hint: 'Devices and programs that are signed in to your account.',
    current: 'This device',
    on: (app: string, system: string) => `${app} on ${system}`,
    unknown: 'Unknown device',
    browser: 'Browser',
    lastUsed: (moment: string) => `Last used ${moment}`,
    signedIn: (day: string) => `signed in ${day}`,
    end: 'End',
    ended: 'Session ended',
    endOthers: 'End all others',
    endOthersHint: 'All other devices and programs are signed out at once.',
    othersEnded: (count: number) => (count === 1 ? '1 session ended' : `${count} sessions ended`),
  },
  activity: {
    title: 'Activity',
    hint: 'What happened with your account, newest first.',
    none: 'Nothing has happened yet',
    asset: 'Show asset',
    byAdmin: 'by an administrator',
    unknownUser: 'unknown account',
    actions: {
      'account.registered': () => 'Account created',
      'account.deleted': () => 'Account deleted',
      'login.succeeded': () => 'Signed in',
      'login.failed': () => 'Sign-in failed: wrong password',
      'password.changed': () => 'Password changed',
      'password.refused': () => 'Wrong current password',
      'session.ended': () => 'Signed out',
      'session.revoked': () => 'Session ended from another device',
      'collaborator.set': ({ username, access }: Details) =>
        `Shared with ${username}, who can ${access === 'write' ? 'view and change' : 'view'}`,
      'collaborator.removed': ({ username }: Details) => `No longer shared with ${username}`,
      'link.created': ({ hasPassword }: Details) =>
        hasPassword ? 'Link with a password created' : 'Link created',
      'link.updated': () => 'Link changed',
      'link.revoked': () => 'Link revoked',
      'lock.set': () => 'Asset locked',
      'lock.released': () => 'Lock released',
      'asset.visibility_changed': ({ visibility }: Details) =>
        visibility === 'public' ? 'Asset made public' : 'Asset made private',
      'asset.deleted': () => 'Asset deleted',
      'project.deleted': () => 'Project deleted',
      'user.changed': ({ access, disabled, limit, fileLimit }: Details) =>
        [
          access === 'admin' && 'Administrator rights given',
          access === 'user' && 'Administrator rights taken',
          disabled === true && 'Account disabled',
          disabled === false && 'Account enabled',
          (limit !== undefined || fileLimit !== undefined) && 'Space changed',
        ]
          .filter(Boolean)
          .join(', ') || 'Account changed',
      'user.deleted': () => 'Account deleted',
      'asset.taken_down': () => 'Public asset taken down',
      'lock.lifted': () => 'Lock lifted',
    },
  },
  deletion: {
    title: 'Delete account',
    hint: 'Your account, all your assets with their files, and all your links are deleted forever.',
    open: 'Delete account…',
    what: 'This deletes, at once and for everybody:',
    parts: (files: string, size: string) => [
      `all your assets, with ${files} (${size})`,
      'all your links and everything that you shared',
      'all your sessions, your settings and your name',
    ],
    locked: 'While one of your assets is locked, the account cannot be deleted.',
    username: (username: string) => `Type ${username} to confirm`,
    wrongUsername: 'This is not your username.',
    password: 'Password',
    confirm: 'Delete my account forever',
  },
} as const

/** Values that a record of the activity has beside its action. */
type Details = Record<string, unknown>
