import { readFile, stat } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import type { Request, RequestHandler, Response } from 'express'
import { contentSecurityPolicy } from 'helmet'
import sirv from 'sirv'
import { AppError } from '../app/errors.ts'
import { followLink } from '../app/sharing/links.ts'
import { webPolicy } from '../config/web-policy.ts'
import { asksForPage, canBePage, type PageAddress, pageAt } from '../middleware/pages.ts'
import { absoluteUrl, clientOf } from '../middleware/request-info.ts'
import { readableAsset } from '../models/asset-access.ts'
import { type CardAsset, cardOf } from '../models/views/card.ts'

/** Resolves a path by the `imports` of package.json, so that it works from the sources and from dist/. */
const pathOf = createRequire(import.meta.url).resolve

/** The documents of the web client, built by `npm run build`: those that name the scripts of their page, and one for all others. */
const DOCUMENTS = { asset: 'asset', link: 'link', embed: 'embed', plain: 'index' }
const documentPath = (name: PageAddress['name']) => pathOf(`#web/${DOCUMENTS[name]}.html`)

const YEAR_SECONDS = 365 * 24 * 60 * 60

const setPolicy = {
  framed: contentSecurityPolicy(webPolicy(true)),
  alone: contentSecurityPolicy(webPolicy(false)),
}

/** Policy of the files. A worker has that of its file: decoders are WebAssembly, and nothing is loaded by a worker. */
const WORKER_POLICY = "default-src 'none'; script-src 'wasm-unsafe-eval'; frame-ancestors 'none'"

let files: { folder: string; serve: ReturnType<typeof sirv> } | undefined

/**
 * Sends a file of the build, compressed where the client takes that. Names contain a hash of the content, so that clients
 * keep the files.
 */
export const sendFile: RequestHandler = (req, res, next) => {
  if (!req.context.config.http.web) return next()
  const folder = `${dirname(documentPath('plain'))}/files`
  const setHeaders = (answer: { setHeader(name: string, value: string): void }) => {
    answer.setHeader('Cache-Control', `public, max-age=${YEAR_SECONDS}, immutable`)
    answer.setHeader('Cross-Origin-Resource-Policy', 'same-origin')
    answer.setHeader('Content-Security-Policy', WORKER_POLICY)
  }
  // without `dev` sirv lists the folder once
  files ??= {
    folder,
    serve: sirv(folder, {
      dev: !req.context.config.production,
      gzip: true,
      brotli: true,
      etag: true,
      setHeaders,
    }),
  }
  files.serve(req, res, next)
}

/**
 * Sends the page of an address to a browser. The page of a public asset, and of an open link without a password, has a
 * card. The page of another asset is the same as that of a missing one.
 */
export const sendPage: RequestHandler = async (req, res, next) => {
  const address = asksForPage(req) ? pageAt(req.path) : null
  if (!address) return next()
  await send(req, res, { name: address.name, card: await cardOfPage(req, address) })
}

/** Sends the page for an address that does not exist to a browser. */
export const sendMissingPage: RequestHandler = async (req, res, next) => {
  if (!asksForPage(req) || !canBePage(req.path)) return next()
  await send(req, res, { status: 404 })
}

/**
 * Returns what the card of a page is about; null if it has none, or it could not be read. The page works without a card: it
 * asks again, and tells why there is nothing to see.
 */
async function cardOfPage(req: Request, { id, token }: PageAddress): Promise<CardAsset | null> {
  if (!req.context.prepared) return null
  try {
    if (id !== undefined) {
      const found = await readableAsset(id, null)
      return found && { asset: found, path: `/api/assets/${id}` }
    }
    if (token === undefined) return null
    const key = { token, password: undefined, client: clientOf(req), continues: false }
    const { asset: found } = await followLink(req.context, key)
    return { asset: found, path: `/api/links/${token}` }
  } catch (error) {
    if (!(error instanceof AppError)) req.context.log.warn({ err: error }, 'a page is sent without its card')
    return null
  }
}

interface PageOptions {
  status?: number
  name?: PageAddress['name']
  card?: CardAsset | null
}

async function send(
  req: Request,
  res: Response,
  { status = 200, name = 'plain', card = null }: PageOptions = {},
): Promise<void> {
  const { basePath } = req.context.config.http
  const source = await readDocument(name)
  // pages of other origins can show it in a frame
  const framed = name === 'embed'
  const { title, tags } = cardOf(card, req.path, (path) => absoluteUrl(req, `${basePath}${path}`))
  const html = source
    .replaceAll('{{base}}', () => `${basePath}/`)
    .replace('{{title}}', () => title)
    .replace('{{head}}', () => tags)
  ;(framed ? setPolicy.framed : setPolicy.alone)(req, res, () => undefined)
  if (framed) res.removeHeader('X-Frame-Options')
  res.set('Cache-Control', 'no-cache').vary('Accept')
  res.status(status).type('html').send(html)
}

const cached = new Map<string, { modifiedAt: number; source: string }>()

/** Reads the document of a page again after a new build. */
async function readDocument(name: PageAddress['name']): Promise<string> {
  const path = documentPath(name)
  const { mtimeMs: modifiedAt } = await stat(path)
  const known = cached.get(path)
  if (known?.modifiedAt === modifiedAt) return known.source
  const source = await readFile(path, 'utf8')
  cached.set(path, { modifiedAt, source })
  return source
}
