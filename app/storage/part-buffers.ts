/** Of one size these are the parts of four uploads; more than that is rare enough for the collector. */
const MOST_SPARE = 8

const spare: Buffer[] = []

/** A buffer of so many bytes, with whatever was in it before. */
export function takeBuffer(bytes: number): Buffer {
  const index = spare.findIndex(({ length }) => length === bytes)
  const [found] = index < 0 ? [] : spare.splice(index, 1)
  return found ?? Buffer.allocUnsafeSlow(bytes)
}

/**
 * For the next who takes one: left to the collector, up to 100 MB of them lie about before it looks through the
 * old part of the heap. Only for a buffer that nobody reads any more.
 */
export function giveBack(buffer: Buffer): void {
  if (spare.length < MOST_SPARE) spare.push(buffer)
}
