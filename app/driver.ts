import type { mongo } from 'mongoose'

interface DriverClient<Server> {
  topology?: { s: { servers: Map<string, Server> } }
}

/**
 * Returns the servers of a client by their addresses (mongodb 7.8, `lib/sdam/topology.js`); none before it is connected.
 *
 * @typeParam Server the part of `lib/sdam/server.js` that is used
 */
export const serversOf = <Server>(client: mongo.MongoClient): ReadonlyMap<string, Server> =>
  (client as unknown as DriverClient<Server>).topology?.s.servers ?? new Map()

const replaced = new WeakMap<object, Set<unknown>>()

/**
 * Replaces a method of a class of the driver, for all clients of the process.
 *
 * @param replace returns the new method. The same function replaces the method only once
 */
export function replaceMethod<Class extends object, Name extends keyof Class>(
  prototype: Class,
  name: Name,
  replace: (former: Class[Name]) => Class[Name],
): void {
  const replacements = replaced.get(prototype) ?? new Set()
  if (replacements.has(replace)) return
  replaced.set(prototype, replacements.add(replace))
  prototype[name] = replace(prototype[name])
}
