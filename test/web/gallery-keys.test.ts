import { expect } from 'chai'
import type { Page, Route } from 'playwright-core'
import { insertAsset } from '../support/app/assets.ts'
import { PASSWORD, signUp } from '../support/app/users.ts'
import { eventually } from '../support/eventually.ts'
import { listIn, namesIn, uploadFurniture } from '../support/gallery.ts'
import { tabTo } from '../support/keyboard.ts'
import { BROWSER_TEST_MS, expectAccessible, signInBy, startWeb, type WebApp } from '../support/web.ts'

const COUNT = 200

const focused = (page: Page) => page.evaluate('document.activeElement.textContent') as Promise<string>

describe('search, filters and keys of the gallery', function () {
  this.timeout(BROWSER_TEST_MS)
  let app: WebApp

  before(async function () {
    app = await startWeb(this)
    await uploadFurniture(await signUp(app, 'ada'))
  })
  after(() => app?.stop())

  it('/ – suggestions by keyboard, filters without and more → address and list; nothing dead', async () => {
    const { page, context, faults } = await app.open()
    await signInBy(page, app.origin, 'ada', PASSWORD)
    const box = page.getByRole('searchbox', { name: 'Search' })
    await box.pressSequentially('wo')
    await page.getByRole('listbox').getByRole('option', { name: 'woven' }).waitFor()
    expect(await page.getByRole('listbox').getByRole('option').allTextContents()).to.have.members([
      'woodTag',
      'wovenTag',
    ])
    await box.press('ArrowDown')
    const active = await box.getAttribute('aria-activedescendant')
    expect(await page.locator(`#${active}`).getAttribute('aria-selected')).to.equal('true')
    await expectAccessible(page)
    await box.press('Escape')
    await page.getByRole('listbox').waitFor({ state: 'detached' })
    expect(await box.inputValue()).to.equal('wo')
    await box.fill('')
    await box.pressSequentially('wood')
    await page.getByRole('listbox').getByRole('option', { name: 'wood' }).waitFor()
    // Escape right after a key: the list stays closed when the search for the words of before begins
    await page.evaluate(`{
      const input = document.activeElement
      input.value = 'wo'
      input.dispatchEvent(new InputEvent('input', { bubbles: true }))
      input.dispatchEvent(new KeyboardEvent('keydown', { key: 'Escape', bubbles: true }))
    }`)
    await eventually(() => expect(new URL(page.url()).search).to.equal('?q=wo'))
    expect(await page.getByRole('listbox').count()).to.equal(0)
    await box.press('ArrowDown')
    await page.getByRole('listbox').getByRole('option', { name: 'wood' }).waitFor()
    await box.press('ArrowDown')
    await box.press('Enter')
    await eventually(() => expect(new URL(page.url()).search).to.equal('?tag=wood'))
    await eventually(async () => expect(await namesIn(page)).to.deep.equal(['Pine table', 'Oak chair']))

    await page.getByRole('button', { name: 'Without woven' }).click()
    await eventually(async () => expect(await namesIn(page)).to.deep.equal(['Oak chair']))
    await page.getByRole('button', { name: 'Remove filter wood' }).click()
    await eventually(async () => expect(await namesIn(page)).to.deep.equal(['Steel lamp', 'Oak chair']))
    await page.getByText('More filters').click()
    await page.getByRole('group', { name: 'Format' }).getByRole('checkbox', { name: 'OBJ 1' }).check()
    await eventually(async () => expect(await namesIn(page)).to.deep.equal(['Oak chair']))
    // counts that arrive late do not remove what is typed
    const held: Route[] = []
    await page.route(/[?&]facets=1/, (route) => void held.push(route), { times: 1 })
    await page.getByRole('group', { name: 'License' }).getByRole('checkbox', { name: 'CC0-1.0' }).check()
    await page.getByRole('group', { name: 'Size in MB' }).getByLabel('To').fill('5')
    await eventually(() => expect(held).to.have.length(1))
    await held[0]?.fulfill({ json: { msg: 'OK', res: { total: 7, facets: {} } } })
    await page.getByRole('status').getByText('7 assets').waitFor()
    await page.keyboard.press('Tab')
    await page.getByRole('button', { name: 'Remove filter Up to 5.0 MB' }).waitFor()
    await page.getByRole('group', { name: 'Created' }).getByLabel('From').fill('2020-02-01')
    await page.getByRole('group', { name: 'Created' }).getByLabel('From').blur()
    await eventually(() =>
      expect(new URL(page.url()).search).to.equal(
        '?ext=obj&license=CC0-1.0&tagNot=woven&maxSize=5000000&createdAfter=2020-02-01',
      ),
    )
    await page.getByRole('button', { name: 'Remove filter Created from Feb 1, 2020' }).waitFor()
    await expectAccessible(page)
    await page.reload()
    await page.getByRole('button', { name: 'Remove filter Up to 5.0 MB' }).waitFor()
    await eventually(async () => expect(await namesIn(page)).to.deep.equal(['Oak chair']))
    await page.getByRole('button', { name: 'Clear filters' }).first().click()

    await page.goto(`${app.origin}/?q=steel+unicorn`)
    await page.getByText('These have some of them').waitFor()
    await page.goto(`${app.origin}/?q=stell`)
    await page.getByRole('button', { name: 'steel', exact: true }).click()
    await eventually(async () => expect(await namesIn(page)).to.deep.equal(['Steel lamp']))
    expect(faults).to.deep.equal([])
    await context.close()
  })

  it('/ – a thumbnail whose URL has ended → asked for once more', async () => {
    const { page, context, faults } = await app.open()
    let refused = 0
    await page.route(/\/api\/signed\//, (route) =>
      refused++ < 1 ? route.fulfill({ status: 404 }) : route.continue(),
    )
    // the service gives the same URL for half an hour
    await page.route(/\/api\/assets\/[0-9a-f]{24}\?signed=1/, async (route) => {
      const response = await route.fetch()
      const body = await response.json()
      body.res.asset.thumbnail += '#again'
      await route.fulfill({ response, json: body })
    })
    await signInBy(page, app.origin, 'ada', PASSWORD)
    const pictures = () =>
      page.evaluate(
        '[...document.querySelectorAll(".card img")].map((one) => [one.naturalWidth > 0, one.src.endsWith("#again")])',
      )
    await eventually(async () =>
      expect(await pictures()).to.have.deep.members([
        [true, true],
        [true, false],
      ]),
    )
    expect(faults).to.deep.equal([])
    await context.close()
  })

  it('/ – keys in a long list → focus, range, all, delete; place and pages kept by Back', async () => {
    const grace = await signUp(app, 'grace')
    for (let n = 0; n < COUNT; n++)
      await insertAsset(grace.user, {
        name: `Part ${n}`,
        createdAt: new Date(Date.UTC(2026, 0, 1, 0, 0, COUNT - n)),
      })
    const { page, context, faults } = await app.open()
    await signInBy(page, app.origin, 'grace', PASSWORD)
    await page.goto(`${app.origin}/?scope=mine`)
    const first = listIn(page).getByRole('link', { name: 'Part 0', exact: true })
    await first.focus()
    const item = listIn(page)
      .getByRole('listitem')
      .filter({ has: page.getByRole('link', { name: 'Part 0', exact: true }) })
    // the length is known when the assets are counted
    await eventually(async () => expect(await item.getAttribute('aria-setsize')).to.equal(String(COUNT)))
    expect(await item.getAttribute('aria-posinset')).to.equal('1')
    await page.keyboard.press('ArrowRight')
    expect(await focused(page)).to.equal('Part 1')
    await page.keyboard.press('Space')
    await page.keyboard.press('Shift+ArrowRight')
    await page.keyboard.press('Shift+ArrowRight')
    await page.keyboard.press('Shift+ArrowLeft')
    await page.getByText('2 selected').waitFor()
    await page.keyboard.press('End')
    await eventually(async () => expect(await focused(page)).to.equal('Part 59'))
    // the focused asset stays when it is scrolled out of view
    await page.evaluate('scrollTo(0, 0)')
    await first.waitFor()
    await page.keyboard.press('ArrowLeft')
    await eventually(async () => expect(await focused(page)).to.equal('Part 58'))
    await page.keyboard.press('Control+a')
    await page.getByText(/^(60|120) selected/).waitFor()
    await page.keyboard.press('Delete')
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('button', { name: 'Cancel' }).click()
    // backwards the focus comes to what lies below the header: neither it nor the selection covers it then
    await listIn(page).getByRole('link', { name: 'Part 41' }).focus()
    await page.evaluate(
      `scrollBy(0, document.querySelector('[aria-label="Select Part 40"]').getBoundingClientRect().top - 10)`,
    )
    await tabTo(page, listIn(page).getByRole('checkbox', { name: 'Select Part 40' }), 'Shift+Tab')
    await page.keyboard.press('Escape')
    await page.getByRole('toolbar', { name: 'Selection' }).waitFor({ state: 'detached' })

    const last = listIn(page).getByRole('link', { name: `Part ${COUNT - 1}` })
    await eventually(async () => {
      await page.evaluate('scrollTo(0, document.documentElement.scrollHeight)')
      expect(await listIn(page).getAttribute('aria-busy')).to.equal('false')
      expect(await last.count()).to.equal(1)
    })
    await page.evaluate('scrollTo(0, document.documentElement.scrollHeight)')
    const top = await page.evaluate('scrollY')
    await last.click()
    await page.getByRole('heading', { level: 1, name: `Part ${COUNT - 1}` }).waitFor()
    await page.goBack()
    await last.waitFor()
    await eventually(async () => expect(await page.evaluate('scrollY')).to.equal(top))
    const items = await page.evaluate('document.querySelectorAll("[aria-posinset]").length')
    expect(items).to.be.below(80)
    await expectAccessible(page)
    expect(faults).to.deep.equal([])
    await context.close()
  })
})
