import { expect } from 'chai'
import { startApp } from '../support/app/app.ts'
import { signUp } from '../support/app/users.ts'
import { obj } from '../support/data/samples.ts'

/** The hosts that clients name, and the beginning of the absolute addresses that they get. */
const HOSTS: [trusted: string, headers: Record<string, string>, beginning: string][] = [
  ['0', { Host: 'kura.example.org' }, 'http://kura.example.org/api/signed/'],
  ['0', { Host: 'kura.example.org:8080' }, 'http://kura.example.org:8080/api/signed/'],
  ['0', { Host: '[::1]:8080' }, 'http://[::1]:8080/api/signed/'],
  [
    '0',
    { Host: 'kura.example.org', 'X-Forwarded-Host': 'evil.example', 'X-Forwarded-Proto': 'https' },
    'http://kura.example.org/api/signed/',
  ],
  [
    '1',
    { Host: 'inside:8080', 'X-Forwarded-Host': 'kura.example.org', 'X-Forwarded-Proto': 'https' },
    'https://kura.example.org/api/signed/',
  ],
  ['1', { Host: 'kura.example.org', 'X-Forwarded-Proto': 'https' }, 'https://kura.example.org/api/signed/'],
  ['0', { Host: 'a b' }, '/api/signed/'],
]

describe('absoluteUrl', () => {
  it('absoluteUrl – Host and headers of a proxy → those of a trusted proxy only, else the Host', async () => {
    for (const trusted of ['0', '1']) {
      const app = await startApp({ env: { TRUST_PROXY: trusted } })
      try {
        const ada = await signUp(app, 'ada')
        const { body } = await ada.post('/uploads').attach('file', obj(), 'a.obj').expect(201)
        for (const [, headers, beginning] of HOSTS.filter(([one]) => one === trusted)) {
          const answer = await ada.get(`/uploads/${body.upload._id}`).set(headers).expect(200)
          const { url } = answer.body.upload
          expect(url.slice(0, url.lastIndexOf('/') + 1), JSON.stringify(headers)).to.equal(beginning)
        }
      } finally {
        await app.stop()
      }
    }
  })
})
