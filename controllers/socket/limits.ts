import { SILENCE_MS, WINDOW_MS } from '../../app/uploads/pace.ts'

const MiB = 1024 * 1024

/** What a socket may cost; contract §8 and §10 where they name a figure. */
export const LIMITS = {
  /** Of one frame; a larger one closes the socket with 1009. */
  frameBytes: MiB,
  /** Bytes that have come and that the store has not taken yet; more close the socket with 1009. */
  aheadBytes: 4 * MiB,
  /** At so many bytes ahead the socket is read no further until the store has taken some. */
  pauseBytes: MiB,
  /** Bytes of answers, errors, events and pings that the peer has not read; more close the socket with 1008. */
  unreadBytes: 4 * MiB,
  /** With more bytes unread than this, the socket is read no further. */
  waitingBytes: MiB / 4,
  /** Frames that may wait while the socket is held; more close it with 1008. One read brings up to 3,640 operations. */
  waitingFrames: 4096,
  /** How long a peer may read nothing of more than `waitingBytes`; then the socket is closed with 1008. */
  unreadMs: 8000,
  /** How long a peer has to close its side of a socket that the service closed. */
  closeMs: 10_000,
  /** How long a socket may stay without a sign-in. */
  signInMs: 10_000,
  /** Sockets of one user, in this process. */
  perUser: 20,
  /** Sockets without a sign-in from one address, in this process. */
  strangersPerAddress: 1000,
  /** Operations of one socket at a time; with more on their way it is read no further. */
  operationsAtOnce: 8,
  /** How often peers are asked whether they are there; one that has not answered by the next time is gone. */
  pingMs: 30_000,
  /** How often the sessions of all sockets are looked up. */
  sessionsMs: 3000,
  /** How often changes of other processes are looked for, where nothing tells of them. */
  changesMs: 1000,
  /** An upload that brings nothing for so long ends, like a silent request. */
  silenceMs: SILENCE_MS,
  /** Over how long the speed of an upload is measured. */
  windowMs: WINDOW_MS,
  /** The lowest speed of an upload, in bytes a second. */
  bytesPerSecond: 10_000,
}

export type SocketLimits = Readonly<typeof LIMITS>
