/** What the middleware before a controller has put on the request; its absence is a fault of the route. */
export function required<T>(value: T | undefined): T {
  if (value === undefined) throw new TypeError('the route lacks the middleware that its controller needs')
  return value
}
