import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { startApp, type TestApp } from '../support/app/app.ts'
import type { AssetAnswer } from '../support/app/assets.ts'
import { signUp, type TestUser } from '../support/app/users.ts'
import { outputOf, PYTHON, requireProgram, requirePython } from '../support/programs.ts'

const NAMES = ['oak chair.obj', 'café 表 🪑.obj', 'a "quoted" name.obj', '100%25.obj']

const REQUESTS = `
import os, requests
files = [('files', (name, open('content', 'rb'))) for name in NAMES]
answer = requests.post(URL, headers=HEADERS, files=files, data={'tags': ['oak', 'wood']})
print(answer.text)
`
const HTTPX = `
import httpx
files = [('files', (name, open('content', 'rb'))) for name in NAMES]
print(httpx.post(URL, headers=HEADERS, files=files, data={'tags': ['oak', 'wood']}).text)
`
const AIOHTTP = `
import aiohttp, asyncio
async def main():
    form = aiohttp.FormData(quote_fields=False)
    for name in NAMES:
        form.add_field('files', open('content', 'rb'), filename=name.replace('"', '%22'))
    form.add_field('tags', 'oak,wood')
    async with aiohttp.ClientSession() as session:
        async with session.post(URL, headers=HEADERS, data=form) as answer:
            print(await answer.text())
asyncio.run(main())
`

/** `HttpClient` has no multipart of its own: programs write it, as here. It asks for HTTP/2 in its first request. */
const JAVA = `
import java.net.URI;
import java.net.http.*;
import java.nio.file.*;
import java.util.*;

class Upload {
  public static void main(String[] args) throws Exception {
    var parts = new ArrayList<byte[]>();
    for (var name : args[2].split("\\n")) {
      parts.add(("--java\\r\\nContent-Disposition: form-data; name=\\"files\\"; filename=\\"" + name.replace("\\"", "%22")
        + "\\"\\r\\nContent-Type: application/octet-stream\\r\\n\\r\\n").getBytes("UTF-8"));
      parts.add(Files.readAllBytes(Path.of("content")));
      parts.add("\\r\\n".getBytes());
    }
    parts.add("--java\\r\\nContent-Disposition: form-data; name=\\"tags\\"\\r\\n\\r\\noak,wood\\r\\n--java--\\r\\n".getBytes());
    var request = HttpRequest.newBuilder(URI.create(args[0]))
      .header("Authorization", args[1])
      .header("Content-Type", "multipart/form-data; boundary=java")
      .POST(HttpRequest.BodyPublishers.ofByteArrays(parts)).build();
    System.out.println(HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString()).body());
  }
}
`

describe('uploads of real clients', function () {
  this.timeout(60_000)
  let app: TestApp
  let ada: TestUser
  let folder: string
  let url: string
  let authorization: string
  const content = randomBytes(200_000)

  before(async () => {
    app = await startApp()
    ada = await signUp(app, 'ada')
    url = `${app.origin}/api/assets`
    authorization = `Bearer ${ada.token}`
    folder = await mkdtemp(join(tmpdir(), 'kura-clients-'))
    await writeFile(join(folder, 'content'), content)
  })
  after(async () => {
    await app.stop()
    await rm(folder, { recursive: true, force: true })
  })

  function expectStored(answer: string): void {
    const { asset } = (JSON.parse(answer) as { res?: { asset: AssetAnswer & { tags: string[] } } }).res ?? {}
    expect(asset, answer).to.not.equal(undefined)
    expect(asset?.files.map(({ name }) => name)).to.have.members(NAMES)
    const sha256 = createHash('sha256').update(content).digest('hex')
    for (const file of asset?.files ?? []) expect(file).to.include({ size: content.length, sha256 })
    expect(asset?.tags).to.deep.equal(['oak', 'wood'])
  }

  const python = (script: string) => {
    const values = [`NAMES = ${JSON.stringify(NAMES)}`, `URL = '${url}'`]
    const headers = `HEADERS = {'Authorization': '${authorization}'}`
    return outputOf(PYTHON, ['-c', [...values, headers, script].join('\n')], { cwd: folder })
  }

  it('curl -F – several files and a field → stored', async function () {
    requireProgram(this, 'curl')
    const files = NAMES.flatMap((name) => ['-F', `files=@content;filename="${name.replaceAll('"', '\\"')}"`])
    const how = ['-sS', '-H', `Authorization: ${authorization}`, ...files, '-F', 'tags=oak,wood', url]
    expectStored(await outputOf('curl', how, { cwd: folder }))
  })

  for (const [module, script] of Object.entries({ requests: REQUESTS, httpx: HTTPX, aiohttp: AIOHTTP }))
    it(`Python's ${module} – several files and a field → stored`, async function () {
      requirePython(this, module)
      expectStored(await python(script))
    })

  it("Java's HttpClient – several files and a field → stored", async function () {
    requireProgram(this, 'java')
    await writeFile(join(folder, 'Upload.java'), JAVA)
    expectStored(
      await outputOf('java', ['Upload.java', url, authorization, NAMES.join('\n')], { cwd: folder }),
    )
  })

  it("Node's fetch – several files and a field → stored", async () => {
    const body = new FormData()
    for (const name of NAMES) body.append('files', new Blob([content]), name)
    body.append('tags', 'oak,wood')
    const answer = await fetch(url, { method: 'POST', headers: { Authorization: authorization }, body })
    expectStored(await answer.text())
  })

  it('curl – a refused upload of 3 MB, with and without a length → reads the answer', async function () {
    requireProgram(this, 'curl')
    await writeFile(join(folder, 'large'), Buffer.alloc(3_000_000))
    for (const extra of [[], ['-H', 'Transfer-Encoding: chunked']]) {
      const answer = await outputOf('curl', ['-sS', ...extra, '-F', 'files=@large', url], { cwd: folder })
      expect(JSON.parse(answer).err.code).to.equal('unauthenticated')
    }
  })
})
