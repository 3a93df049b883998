import { MAX_SILENCE_MS, SPEED_WINDOW_MS } from '../../app/uploads/speed-monitor.ts'

const MiB = 1024 * 1024

/** Limits of WebSocket connections. Each process applies them separately. */
export const LIMITS = {
  /** Largest frame. A larger one closes the connection with 1009. */
  frameBytes: MiB,
  /** Received bytes that are not stored yet. More close the connection with 1009. */
  aheadBytes: 4 * MiB,
  /** Received bytes that are not stored yet at which the connection is paused until the store has taken some. */
  pauseBytes: MiB,
  /** Bytes of answers, errors, events and pings that the client has not read. More close the connection with 1008. */
  unreadBytes: 4 * MiB,
  /** Unread bytes above which the connection is paused. */
  waitingBytes: MiB / 4,
  /**
   * Frames that wait while the connection is paused. More close it with 1008. One read of the connection can contain up
   * to 3,640 operations.
   */
  waitingFrames: 4096,
  /** How long a client can read nothing while more than `waitingBytes` wait. Then the connection is closed with 1008. */
  unreadMs: 8000,
  /** How long a client has to close its side after the service closed the connection. */
  closeMs: 10_000,
  /** How long a connection can stay open without a sign-in. */
  signInMs: 10_000,
  /** Most connections of one user. */
  perUser: 20,
  /** Most connections without a sign-in from one address. */
  anonymousPerAddress: 1000,
  /** Running operations of one connection. At this number the connection is paused. */
  operationsAtOnce: 8,
  /** Interval of pings. A client that sends nothing until the next ping is disconnected. */
  pingMs: 30_000,
  /** Interval at which the sessions of all connections are checked. */
  sessionsMs: 3000,
  /** Interval at which the changes of other processes are polled if the database has no change streams. */
  changesMs: 1000,
  /** How long an upload can receive nothing before it is aborted, as over HTTP. */
  silenceMs: MAX_SILENCE_MS,
  /** Period over which the speed of an upload is measured. */
  windowMs: SPEED_WINDOW_MS,
  /** Lowest speed of an upload, in bytes per second. */
  bytesPerSecond: 10_000,
}

export type SocketLimits = Readonly<typeof LIMITS>
