import type { Request, RequestHandler, Response } from 'express'
import type { ClientInfo } from '../app/auth/client-info.ts'
import type { Sender } from '../app/auth/sender.ts'
import { parseBody } from './parse-body.ts'
import { clientOf } from './request-info.ts'
import { Rules, type Valid } from './rules.ts'

const NO_INPUT = new Rules([])

/** A request as a handler sees it: the valid input, and the values that earlier middleware has loaded. */
export class RouteRequest<Input = unknown> {
  constructor(
    readonly req: Request,
    readonly input: Input,
  ) {}

  get context() {
    return this.req.context
  }

  get client(): ClientInfo {
    return clientOf(this.req)
  }

  /** The caller; undefined if anonymous. */
  get viewer() {
    return this.req.user
  }

  /** The caller of a route that requires a sign-in. */
  get user() {
    return present(this.req.user, 'authenticate')
  }

  get session() {
    return present(this.req.session, 'authenticate')
  }

  get sender(): Sender {
    return { user: this.user, session: this.session, clock: this.context.clock }
  }

  /** The user whose login and password were verified. */
  get verified() {
    return present(this.req.verified, 'verifyLogin')
  }

  /** The account that the path names. */
  get account() {
    return present(this.req.account, 'loadUser')
  }

  get asset() {
    return present(this.req.asset, 'loadAsset')
  }

  get link() {
    return present(this.req.link, 'loadLink')
  }

  get project() {
    return present(this.req.project, 'loadProject')
  }

  get upload() {
    return present(this.req.upload, 'upload')
  }

  /** The asset version that `If-Match` requires; undefined without the header. */
  get version() {
    return this.req.expectedVersion
  }
}

/** Answers one route. Gets the input that passed rules of type `R`; without `R` the route has no input. */
export type Handler<R extends Rules | null = null> = HandlerOf<R extends Rules ? Valid<R> : unknown>

type HandlerOf<Input> = (request: RouteRequest<Input>, res: Response) => unknown

/**
 * Parses the body and calls a handler with the input that passed its rules. Unknown fields are refused like invalid ones.
 * Without rules, all fields are refused.
 */
export function handle<Input extends object>(rules: Rules<Input>, handler: HandlerOf<Input>): RequestHandler
export function handle(handler: Handler): RequestHandler
export function handle<Input extends object>(
  ...route: [Rules<Input>, HandlerOf<Input>] | [Handler]
): RequestHandler {
  return route.length === 1 ? run(NO_INPUT, route[0]) : run(...route)
}

function run<Input extends object>(rules: Rules<Input>, handler: HandlerOf<Input>): RequestHandler {
  return async (req, res) => handler(new RouteRequest(req, await inputOf(req, rules)), res)
}

/** Parses the body and validates the input before a guard that reads it. `handle` with the same rules reuses the result. */
export function validate(rules: Rules = NO_INPUT): RequestHandler {
  return async (req, _res, next) => {
    await inputOf(req, rules)
    next()
  }
}

async function inputOf<Input extends object>(req: Request, rules: Rules<Input>): Promise<Input> {
  await parseBody(req, rules.takesBody)
  return rules.validate(req)
}

/** Returns a value that a middleware has set. @throws TypeError if the route table lacks that middleware, a bug */
function present<T>(value: T | undefined, middleware: string): T {
  if (value === undefined) throw new TypeError(`the route lacks the middleware ${middleware}`)
  return value
}
