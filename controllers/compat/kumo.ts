import { pipeline, Readable } from 'node:stream'
import { createAccount } from '../../app/accounts/register.ts'
import { createAsset } from '../../app/assets/create.ts'
import { removeAsset } from '../../app/assets/remove.ts'
import { signUrl } from '../../app/assets/signed-url.ts'
import { updateAsset } from '../../app/assets/update.ts'
import { changePassword as change } from '../../app/auth/change-password.ts'
import { signIn as beginSignIn, endSession } from '../../app/auth/sessions.ts'
import { searchInTurn } from '../../app/search/search.ts'
import type { Handler, RouteRequest } from '../../middleware/handle.ts'
import { absoluteUrl } from '../../middleware/request-info.ts'
import type { Valid } from '../../middleware/rules.ts'
import { jsonEncoder } from '../../middleware/send-json.ts'
import { SIGNED_URL } from '../../models/asset.ts'
import type { ListedAsset } from '../../models/asset-page.ts'
import { searchAssets } from '../../models/asset-search.ts'
import { countFiles, type Whole } from '../../models/file-set.ts'
import type { Position } from '../../models/plugins/page.ts'
import type { UserFields } from '../../models/user.ts'
import { visibleUsers } from '../../models/visible-users.ts'
import type * as rules from '../../routes/compat/kumo.rules.ts'
import { sendStream } from '../send-object.ts'

/** Most collections in a list. */
export const MAX_COLLECTIONS = 10_000
/** Most collections of a list that are read at a time. */
const PAGE_COUNT = 100

export const signUp: Handler<typeof rules.signUp> = async ({ context, input, client }, res) => {
  const { email, password } = input.credentials
  const { user } = await createAccount(context, { email, password }, client)
  res.status(201).json({ user: serializeUser(user) })
}

export const signIn: Handler<typeof rules.signIn> = async ({ context, input, client }, res) => {
  const { email: login, password } = input.credentials
  const { user, token } = await beginSignIn(context, { login, password, folds: true }, client)
  res.status(201).json({ user: { ...serializeUser(user), token } })
}

export const changePassword: Handler<typeof rules.changePassword> = async (request, res) => {
  const { context, session, input, client } = request
  const { old: current, new: password } = input.passwords
  await change(context, { session, current, folds: true, password }, client)
  res.status(204).end()
}

export const signOut: Handler<typeof rules.noFields> = async ({ context, session }, res) => {
  await endSession(context, session)
  res.status(204).end()
}

/** Returns the handlers whose answers contain the name: `collection` or `upload`. */
export function handlersOf(name: 'collection' | 'upload') {
  /** Lists the caller's own collections, newest first. An error of the first page has a status of its own. */
  const list: Handler<typeof rules.noFields> = async (request, res) => {
    const pages = pagesOf(request)
    const first = await pages.next()
    res.set('Content-Type', 'application/json; charset=utf-8')
    if (request.req.method === 'HEAD') return void res.vary('Accept-Encoding').end()
    const text = Readable.from(listText(request, `${name}s`, first.value ?? [], pages), { highWaterMark: 1 })
    const encoder = jsonEncoder(res)
    // `sendStream` reports the error of the last stream
    await sendStream(encoder ? pipeline(text, encoder, () => undefined) : text, res)
  }

  const create: Handler<typeof rules.collection> = async (request, res) => {
    const { context, upload, sender, input } = request
    const asset = await createAsset(context, upload, sender, fieldsOf(input))
    res.location(`${context.config.http.basePath}/${name}s/${asset._id}`)
    res.status(201).json({ [name]: serialize(request, asset) })
  }

  const read: Handler<typeof rules.noFields> = async (request, res) => {
    const { asset, user } = request
    const owners = await visibleUsers([asset.owner], user)
    res.json({ [name]: serialize(request, asset, owners.has(asset.owner.toString())) })
  }

  return { list, create, read }
}

export const update: Handler<typeof rules.collection> = async (request, res) => {
  const { context, asset, sender, input, version } = request
  await updateAsset(context, asset, sender, fieldsOf(input), version)
  res.status(204).end()
}

export const remove: Handler<typeof rules.remove> = async (
  { context, asset, sender, input, version },
  res,
) => {
  await removeAsset(context, asset, sender, { evenIfUsed: input.force, version })
  res.status(204).end()
}

/** Returns the fields of an asset that a client gave. */
function fieldsOf({ image, collection, upload, ...plain }: Valid<typeof rules.collection>) {
  const { title, tag } = { ...plain, ...image, ...collection, ...upload }
  return { ...(title ? { name: title } : {}), ...(tag?.length ? { tags: tag } : {}) }
}

/** Reads the caller's own assets page by page, each page in the fair queue of searches. */
async function* pagesOf({ context, user, client }: RouteRequest): AsyncGenerator<ListedAsset[]> {
  let after: Position | undefined
  for (let left = MAX_COLLECTIONS; left > 0; left -= PAGE_COUNT) {
    const page = { sort: 'newest', limit: Math.min(left, PAGE_COUNT), after } as const
    const { assets, next } = await searchInTurn(context, user, client, () =>
      searchAssets({ scope: 'mine', tags: [] }, user, page),
    )
    yield assets
    if (!next) return
    after = next
  }
}

async function* listText(
  request: RouteRequest,
  name: string,
  first: ListedAsset[],
  others: AsyncIterable<ListedAsset[]>,
): AsyncGenerator<string> {
  const textOf = (asset: ListedAsset) => JSON.stringify(serialize(request, asset))
  yield `{"${name}":[${first.map(textOf).join()}`
  for await (const page of others) yield page.map((asset) => `,${textOf(asset)}`).join('')
  yield ']}\n'
}

const serializeUser = ({ _id, email, createdAt, updatedAt }: UserFields) => ({
  _id: _id.toString(),
  email,
  createdAt,
  updatedAt,
})

/**
 * Serializes an asset like the earlier Kumo service. Its URL downloads the file, or the zip of several files, and is valid
 * for a day.
 *
 * @param showsOwner whether the caller can see the owner
 */
function serialize(
  { req, context, user }: RouteRequest,
  asset: ListedAsset & Partial<Whole>,
  showsOwner = true,
) {
  const content = countFiles(asset) > 1 ? { zip: true as const } : {}
  const { url } = signUrl(context, asset, user, {
    ...content,
    download: true,
    expiresIn: SIGNED_URL.maxExpiry,
  })
  return {
    _id: asset._id.toString(),
    title: asset.name,
    url: absoluteUrl(req, url),
    key: asset.files[0]?.name ?? asset.name,
    tag: asset.tags.join(','),
    user: showsOwner ? asset.owner.toString() : null,
    createdAt: asset.createdAt,
    updatedAt: asset.updatedAt,
  }
}
