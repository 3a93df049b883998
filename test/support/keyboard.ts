import { expect } from 'chai'
import type { Locator, Page } from 'playwright-core'
import { eventually } from './eventually.ts'

/** Most presses of Tab until an element has the focus. */
const MAX_PRESSES = 150

/**
 * Describes the focused element: its words, and what is wrong with it. The focus must be seen: the element, or the frame
 * around it, has an outline, lies in the window, and nothing else lies on its middle.
 */
const STOP = `(() => {
  const element = document.activeElement
  if (!element || element === document.body) return { words: 'page', faults: [] }
  const shown = [element, element.closest('label')].filter(Boolean)
  const { x, y, width, height } = (element.closest('label.button') ?? element).getBoundingClientRect()
  const top = document.elementFromPoint(
    Math.min(innerWidth - 1, Math.max(0, x + width / 2)),
    Math.min(innerHeight - 1, Math.max(0, y + height / 2)),
  )
  const frames = [[element], [element, '::after'], [element.parentElement], [element.closest('label')]]
  const isMarked = frames.some(([one, part]) => {
    const { outlineStyle = 'none', outlineWidth = '0' } = one ? getComputedStyle(one, part) : {}
    return outlineStyle !== 'none' && parseFloat(outlineWidth) > 0
  })
  const dialog = [...document.querySelectorAll('dialog[open]')].at(-1)
  const words = element.getAttribute('aria-label') || element.labels?.[0]?.textContent || element.textContent
  const faults = [
    !isMarked && 'has no visible focus',
    (width < 1 || height < 1 || y + height <= 0 || y >= innerHeight) && 'is out of sight',
    top && !shown.some((one) => one.contains(top)) && 'is covered by ' + top.tagName + '.' + top.className,
    dialog && !dialog.contains(element) && 'is outside of the dialog',
    element.tabIndex > 0 && 'has a place in the order that its place in the page does not give',
  ].filter(Boolean)
  return { words: words.trim().slice(0, 60), faults }
})()`

interface Stop {
  words: string
  faults: string[]
}

const isFocused = (element: Locator): Promise<boolean> =>
  element.evaluate((one) => one === one.ownerDocument.activeElement)

/** Presses Tab, or another key. Returns what is wrong with the element that then has the focus. */
async function step(page: Page, key: string): Promise<{ words: string; told: string[] }> {
  await page.keyboard.press(key)
  const { words, faults } = (await page.evaluate(STOP)) as Stop
  return { words, told: faults.map((fault) => `${new URL(page.url()).pathname}: "${words}" ${fault}`) }
}

/**
 * Presses Tab until an element has the focus. The focus must be seen at every element on the way.
 *
 * @param key `Shift+Tab` goes back
 */
export async function tabTo(page: Page, element: Locator, key = 'Tab'): Promise<void> {
  await element.waitFor()
  const seen: string[] = []
  for (let presses = 0; presses < MAX_PRESSES; presses++) {
    const { words, told } = await step(page, key)
    expect(told).to.deep.equal([])
    seen.push(words)
    if (await isFocused(element)) return
  }
  expect.fail(`Tab does not lead to ${element}, but to ${seen.join(', ')}`)
}

/**
 * Opens a dialog by the focused button and Enter, goes once through its controls by Tab, and closes it by Escape. The focus
 * must stay in the dialog, and then return to the button.
 */
export async function walkDialog(page: Page, opener: Locator): Promise<void> {
  expect(await isFocused(opener)).to.equal(true)
  await page.keyboard.press('Enter')
  const dialog = page.locator('dialog[open]').last()
  await dialog.waitFor()
  const close = dialog.getByRole('button', { name: 'Close', exact: true })
  // the first control has the focus, so this is once round
  await tabTo(page, close)
  const { told } = await step(page, 'Shift+Tab')
  expect(told).to.deep.equal([])
  await page.keyboard.press('Escape')
  await dialog.waitFor({ state: 'detached' })
  await eventually(async () => expect(await isFocused(opener)).to.equal(true))
}
