import { readFileSync } from 'node:fs'
import { Validator } from '@seriousme/openapi-schema-validator'
import { expect } from 'chai'
import type { Express } from 'express'
import * as errors from '../../app/errors.ts'
import { createApp } from '../../app/index.ts'
import { startApp, type TestApp } from '../support/app/app.ts'
import { PAGE_FILE, schemaErrors } from '../support/openapi/check-exchange.ts'
import {
  documentedRoutes,
  type MediaType,
  type Operation,
  openApi,
  type Response,
  resolve,
} from '../support/openapi/document.ts'

/** What the router of Express 5 keeps of a route or of a mounted router. */
interface Layer {
  rawPath: string
  route?: { path: string; stack: { method: string }[] }
  handle: { stack?: Layer[] }
}

/** Every route that is mounted: `GET /api/assets/{assetId}`. */
function mountedRoutes(app: Express): string[] {
  const walk = (stack: Layer[], prefix: string): string[] =>
    stack.flatMap(({ rawPath, route, handle }) => {
      const path = `${prefix}${route?.path ?? rawPath}`.replace(/\/+/g, '/')
      if (!route) return handle.stack ? walk(handle.stack, path) : []
      const template = (path.replace(/\/$/, '') || '/').replace(/:(\w+)/g, '{$1}')
      return [...new Set(route.stack.map(({ method }) => `${method.toUpperCase()} ${template}`))]
    })
  return walk((app.router as unknown as { stack: Layer[] }).stack, '/')
}

/** Every object in the document that has the key. */
function* having(key: string, node: unknown = openApi): Generator<Record<string, unknown>> {
  if (typeof node !== 'object' || node === null) return
  if (key in node) yield node as Record<string, unknown>
  for (const child of Object.values(node)) yield* having(key, child)
}

function examplesOf({ example, examples = {} }: Pick<MediaType, 'example' | 'examples'>): unknown[] {
  const several = Object.values(examples).map((one) => resolve<{ value: unknown }>(one).value)
  return example === undefined ? several : [example, ...several]
}

const responsesOf = ({ responses }: Operation) =>
  Object.entries(responses).map(([status, response]) => [status, resolve<Response>(response)] as const)

describe('OpenAPI document', () => {
  let app: TestApp
  before(async () => {
    app = await startApp()
  })
  after(() => app.stop())

  it('document – validator → valid OpenAPI 3.1', async () => {
    const validator = new Validator()
    const { valid, errors } = await validator.validate({ ...openApi })
    expect(valid, JSON.stringify(errors)).to.equal(true)
    expect(validator.version).to.equal('3.1')
  })

  it('document – version → that of the package', () => {
    const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
    expect(openApi.info.version).to.equal(manifest.version)
  })

  it('document – paths → exactly the mounted routes', () => {
    const documented = documentedRoutes.map(({ method, path }) => `${method} ${path}`)
    const mounted = mountedRoutes(createApp(app.context)).filter((route) => !PAGE_FILE.test(route.slice(4)))
    expect(documented.sort()).to.deep.equal(mounted.sort())
  })

  it('document – references → all resolve, every component is used', () => {
    const references = new Set([...having('$ref')].map(({ $ref }) => String($ref)))
    for (const $ref of references) expect(() => resolve({ $ref }), $ref).not.to.throw()
    const { securitySchemes, ...components } = openApi.components
    const kept = Object.entries(components).flatMap(([kind, parts]) =>
      Object.keys(parts).map((name) => `#/components/${kind}/${name}`),
    )
    expect(kept.filter((reference) => !references.has(reference))).to.deep.equal([])
  })

  it('document – error codes → every code of an error', () => {
    const { AppError: _class, connectionFault: _other, ...factories } = errors
    const codes = Object.values(factories).map(
      (make) => (make as (given: unknown) => errors.AppError)([]).code,
    )
    const documented = openApi.components.schemas?.ErrorCode as { enum: string[] }
    expect([...documented.enum].sort()).to.deep.equal([...new Set(codes)].sort())
  })

  it('document – operations → unique id and a described tag', () => {
    const ids = documentedRoutes.map(({ operation }) => operation.operationId)
    expect(new Set(ids).size).to.equal(ids.length)
    const tags = openApi.tags.map(({ name }) => name)
    for (const { operation } of documentedRoutes) {
      expect(operation.tags).to.have.length(1)
      expect(tags).to.include.members(operation.tags)
      expect(operation.summary).to.match(/^[A-Z][^.]+$/)
    }
  })

  it('document – path parameters → all declared', () => {
    for (const { path, parameters } of documentedRoutes) {
      const inPath = parameters.filter((parameter) => parameter.in === 'path').map(({ name }) => `{${name}}`)
      expect(inPath.sort(), path).to.deep.equal((path.match(/\{\w+\}/g) ?? []).sort())
    }
  })

  it('document – examples → valid for their schemas', () => {
    const described = documentedRoutes.flatMap(({ operation, parameters }) => [
      ...parameters,
      ...Object.values(operation.requestBody?.content ?? {}),
      ...responsesOf(operation).flatMap(([, { content = {} }]) => Object.values(content)),
    ])
    for (const { schema, ...media } of described)
      for (const example of examplesOf(media as MediaType))
        expect(schemaErrors(schema, example), JSON.stringify(example)).to.deep.equal([])
  })

  it('document – JSON answers → each has an example and the request id', () => {
    for (const { operation } of documentedRoutes)
      for (const [status, { content, headers }] of responsesOf(operation)) {
        const json = content?.['application/json']
        if (json) expect(examplesOf(json), `${operation.operationId} ${status}`).not.to.have.length(0)
        expect(headers, `${operation.operationId} ${status}`).to.have.property('X-Request-Id')
      }
  })
})
