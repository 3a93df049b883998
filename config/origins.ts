/** Longest origin that is compared, in characters: a scheme, a host name of 253 characters and a port. */
const ORIGIN_MAX = 300

/** An origin (RFC 6454 §6.2). In a pattern, `*` stands for one or more labels of the host, or for any port. */
interface Origin {
  scheme: string
  labels: string[]
  port: string
}

const ORIGIN = /^([a-z][a-z\d+.-]*):\/\/(\[[\da-f:.]+\]|[^\s/?#@:[\]\\]+)(?::(\d+|\*))?$/i

/** Returns the parts of an origin or a pattern; null if the text is neither. */
export function parseOrigin(text: string): Origin | null {
  const [, scheme = '', host = '', port = ''] = ORIGIN.exec(text.slice(0, ORIGIN_MAX + 1)) ?? []
  return scheme === '' || text.length > ORIGIN_MAX ? null : { scheme, labels: host.split('.'), port }
}

/** Returns whether an origin matches a pattern. */
export function matchesOrigin(pattern: Origin, { scheme, labels, port }: Origin): boolean {
  return (
    pattern.scheme === scheme &&
    (pattern.port === '*' || pattern.port === port) &&
    matchesLabels(pattern.labels, labels)
  )
}

/** Compares labels with a pattern. When labels differ after a `*`, the last `*` takes one label more. */
function matchesLabels(pattern: string[], labels: string[]): boolean {
  let star = -1
  let taken = 0
  let at = 0
  for (let label = 0; label < labels.length; ) {
    if (pattern[at] === '*') {
      star = at++
      taken = ++label
    } else if (pattern[at] === labels[label]) {
      at += 1
      label += 1
    } else if (star >= 0) {
      at = star + 1
      label = ++taken
    } else return false
  }
  return at === pattern.length && labels.every((label) => label !== '')
}

/** Schemes that have origins, but no pages that send them. */
const NEVER_SENT = new Set(['file', 'ftp', 'ws', 'wss'])

/** Returns why no browser sends an origin that matches a pattern; null if one can. */
export function whyNeverMatches(pattern: string): string | null {
  const parsed = parseOrigin(pattern)
  if (!parsed) return null
  const { scheme, labels, port } = parsed
  if (labels.some((label) => label !== '*' && label.includes('*')))
    return 'In a host, * stands for whole labels, as in https://*.example.org'
  if (NEVER_SENT.has(scheme.toLowerCase()))
    return `Browsers send no origin with ${scheme}:; write http: or https:`
  // digits for a pattern of IP addresses
  const written = ['a', '1'].map((label) => {
    const host = labels.map((one) => (one === '*' ? label : one)).join('.')
    return `${scheme}://${host}${port === '*' || port === '' ? '' : `:${port}`}`
  })
  const canonical = written.map(canonicalOrigin)
  if (written.some((origin, n) => origin === canonical[n])) return null
  return labels.includes('*') || canonical[0] === null
    ? 'Browsers write the host in lower case and ASCII, and leave out the port 80 of http: and 443 of https:'
    : `Browsers write it as ${canonical[0]}${port === '*' ? ':*' : ''}`
}

/** Returns an origin as a browser writes it; null if it is invalid. */
function canonicalOrigin(origin: string): string | null {
  if (!URL.canParse(origin)) return null
  const canonical = new URL(origin).origin
  // URLs with another scheme have no origin, but the pages of an app in a web view do
  return canonical === 'null' ? origin.toLowerCase() : canonical
}
