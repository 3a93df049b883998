import { expect } from 'chai'
import { deviceOf } from '../../web/src/lib/device.ts'
import { assetIdIn, linkTokenIn } from '../../web/src/pages/admin/asset-id.ts'

const ID = '6745a1c0f2a4b8d9e0c1a2b3'

describe('deviceOf', () => {
  const cases: [userAgent: string | null, ReturnType<typeof deviceOf>][] = [
    [
      'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36',
      { kind: 'computer', app: 'Chrome', system: 'Linux' },
    ],
    [
      'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36 Edg/130.0.0.0',
      { kind: 'computer', app: 'Edge', system: 'Windows' },
    ],
    [
      'Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:131.0) Gecko/20100101 Firefox/131.0',
      { kind: 'computer', app: 'Firefox', system: 'macOS' },
    ],
    [
      'Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.0 Mobile/15E148 Safari/604.1',
      { kind: 'phone', app: 'Safari', system: 'iPhone' },
    ],
    [
      'Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/26.0 Chrome/122.0.0.0 Mobile Safari/537.36',
      { kind: 'phone', app: 'Samsung Internet', system: 'Android' },
    ],
    ['curl/8.5.0', { kind: 'program', app: 'curl', system: null }],
    ['python-requests/2.31', { kind: 'program', app: 'python-requests', system: null }],
    ['Mozilla/5.0', { kind: 'computer', app: null, system: null }],
    ['<img src=x>', { kind: 'program', app: null, system: null }],
    [null, { kind: 'program', app: null, system: null }],
  ]
  for (const [userAgent, device] of cases)
    it(`deviceOf – ${String(userAgent).slice(0, 60)} → ${JSON.stringify(device)}`, () => {
      expect(deviceOf(userAgent)).to.deep.equal(device)
    })
})

describe('assetIdIn', () => {
  it('assetIdIn – an id, a page, an address of the API → the id; other texts → null', () => {
    for (const given of [
      ID,
      ` ${ID.toUpperCase()} `,
      `https://a.example/kura/a/${ID}?x#y`,
      `/api/assets/${ID}/download`,
    ])
      expect(assetIdIn(given), given).to.equal(ID)
    for (const given of ['', 'chair', `${ID}0`, `/a/${ID}0`, '/a/../admin'])
      expect(assetIdIn(given)).to.equal(null)
  })

  it('linkTokenIn – the address of a link → its token; other texts → null', () => {
    expect(linkTokenIn('https://a.example/s/aB3_-xyz0123?x')).to.equal('aB3_-xyz0123')
    for (const given of ['', ID, `/a/${ID}`, '/s/']) expect(linkTokenIn(given), given).to.equal(null)
  })
})
