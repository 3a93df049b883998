import { Passport } from 'passport'
import { Strategy as JwtStrategy } from 'passport-jwt'
import { Strategy as LocalStrategy } from 'passport-local'
import { verifyCredentials } from '../app/auth/credentials.ts'
import { authenticateToken } from '../app/auth/sessions.ts'
import type { Claims, Tokens } from '../app/auth/tokens.ts'
import { clientOf } from './client-of.ts'

/** Creates the authenticator with its two strategies: `jwt`, a token, and `local`, a login and a password. */
export function createPassport({ strategyOptions }: Pick<Tokens, 'strategyOptions'>) {
  const passport = new Passport()
  passport.use(
    new JwtStrategy({ ...strategyOptions, passReqToCallback: true }, (req, claims: Claims, done) => {
      authenticateToken(req.context, claims).then((caller) => {
        if (caller) req.session = caller.session
        done(null, caller ? caller.user : false)
      }, done)
    }),
  )
  passport.use(
    new LocalStrategy({ usernameField: 'login', passReqToCallback: true }, (req, login, password, done) => {
      verifyCredentials(req.context, { login, password }, clientOf(req)).then(
        (user) => done(null, user),
        done,
      )
    }),
  )
  return passport
}
