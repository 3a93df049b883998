import { makeValidator } from 'envalid'
import { mongo } from 'mongoose'

const EXAMPLE = 'mongodb://user:password@host:27017/kura'

/**
 * Validates the URI of a database with the MongoDB driver, which accepts several hosts with ports, Unix sockets and
 * `mongodb+srv`. Does not connect.
 */
export const mongodbUri = makeValidator<string>((input) => {
  try {
    new mongo.MongoClient(input).db()
    return input
  } catch (error) {
    const reason = publicReason(input, error)
    throw new TypeError(
      reason
        ? `must be an address that the MongoDB driver accepts: ${reason}`
        : `must be an address that the MongoDB driver accepts, such as ${EXAMPLE}, with special characters of name and password percent-encoded`,
    )
  }
})

/** Returns the error message of the driver, or null if it contains a part of the URI that can be secret. */
function publicReason(input: string, error: unknown): string | null {
  if (!(error instanceof Error) || error.message === '') return null
  const [, rest = input] = /^[^/]*:\/\/(.*)$/s.exec(input) ?? []
  const end = rest.lastIndexOf('@') + 1 || rest.search(/[/?]|$/)
  const values = [...rest.slice(end).matchAll(/=([^&]*)/g)].map(([, value = '']) => value)
  const secrets = [rest.slice(0, end), ...values].flatMap((part) => [...part.split(/[:@,/=]/), decoded(part)])
  return secrets.some((secret) => secret !== '' && error.message.includes(secret)) ? null : error.message
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
