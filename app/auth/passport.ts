import { Passport } from 'passport'
import { Strategy as JwtStrategy } from 'passport-jwt'
import { Session } from '../../models/session.ts'
import { User } from '../../models/user.ts'
import type { Clock } from '../clock.ts'
import type { Claims, Tokens } from './tokens.ts'

interface Options {
  tokens: Tokens
  clock: Clock
  idleMs: number
}

/** The ways to say who one is. A token counts only while its session lives and its user may sign in. */
export function createPassport({ tokens, clock, idleMs }: Options) {
  const passport = new Passport()
  passport.use(
    new JwtStrategy(
      { ...tokens.strategyOptions, passReqToCallback: true },
      async (req, claims: Claims, done) => {
        try {
          const now = clock.now()
          const [session, user] = await Promise.all([
            Session.findLive(claims.jti, now),
            User.findById(claims.sub),
          ])
          if (!session?.user.equals(claims.sub) || !user || user.disabled || user.deleting)
            return done(null, false)
          if (await Session.touch(session, now, idleMs))
            await User.updateOne({ _id: user._id }, { $max: { lastAccessAt: now } }, { timestamps: false })
          req.session = session
          done(null, user)
        } catch (error) {
          done(error)
        }
      },
    ),
  )
  return passport
}
