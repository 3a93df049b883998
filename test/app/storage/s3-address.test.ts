import { HeadBucketCommand } from '@aws-sdk/client-s3'
import { expect } from 'chai'
import { createClients, type S3StoreOptions, withDefaults } from '../../../app/storage/s3/client.ts'

const KEYS = { accessKeyId: 'id', secretAccessKey: 'secret' }

/** Returns the address to which a client sends a request for the bucket. Sends nothing. */
async function addressOf(options: Partial<S3StoreOptions>): Promise<string> {
  const given = { bucket: 'kura-test', region: 'eu-west-1', credentials: KEYS, ...options }
  const { client, reader } = createClients(given, withDefaults())
  let address = ''
  client.middlewareStack.add(
    () => async (args) => {
      const { protocol, hostname, path } = args.request as {
        protocol: string
        hostname: string
        path: string
      }
      address = `${protocol}//${hostname}${path}`
      throw new Error('not sent')
    },
    { step: 'finalizeRequest', priority: 'low' },
  )
  const error = await client.send(new HeadBucketCommand({ Bucket: given.bucket })).catch((failed) => failed)
  expect(error).to.have.property('message', 'not sent')
  client.destroy()
  reader.destroy()
  return address
}

describe('S3 store – addresses', () => {
  const endpoint = 'https://s3.example.org'
  const ADDRESSES: [name: string, options: Partial<S3StoreOptions>, address: string][] = [
    ['AWS', {}, 'https://kura-test.s3.eu-west-1.amazonaws.com/'],
    ['AWS, path style', { pathStyle: true }, 'https://s3.eu-west-1.amazonaws.com/kura-test/'],
    ['AWS, dots in the name', { bucket: 'my.kura' }, 'https://s3.eu-west-1.amazonaws.com/my.kura/'],
    ['another store', { endpoint }, 'https://s3.example.org/kura-test/'],
    ['another store, host style', { endpoint, pathStyle: false }, 'https://kura-test.s3.example.org/'],
    [
      'another store below a path',
      { endpoint: `${endpoint}/storage/v1/s3` },
      `${endpoint}/storage/v1/s3/kura-test/`,
    ],
  ]
  for (const [name, options, address] of ADDRESSES)
    it(`request – ${name} → ${address}`, async () => {
      expect(await addressOf(options)).to.equal(address)
    })
})
