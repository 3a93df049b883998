// `node scripts/screenshots.js [ADDRESS]`: takes the pictures of docs/images by Chromium, from a running service (default:
// http://localhost:8080). Registers an account and uploads assets with pictures that it draws. The pages of admins need an
// admin in `ADMIN_USERNAME` and `ADMIN_PASSWORD`, as the service has them.
import { mkdirSync, writeFileSync } from 'node:fs'
import { chromium } from 'playwright-core'
import sharp from 'sharp'

const ADDRESS = process.argv[2] ?? 'http://localhost:8080'
const OUT = 'docs/images'
const PASSWORD = 'seven red lanterns'

/** Returns `count` values of a function of the index. */
const times = (count, make) => Array.from({ length: count }, (_, index) => make(index))

const hills = (hue) =>
  times(5, (n) => {
    const top = 190 + n * 52
    const points = times(9, (x) => `${x * 100},${top + Math.sin(x * 1.7 + n * 2 + hue) * 34}`)
    return `<polygon points="0,600 ${points.join(' ')} 800,600" fill="hsl(${hue + n * 9} 42% ${62 - n * 11}%)"/>`
  }).join('')

const rings = (hue) =>
  times(
    9,
    (n) =>
      `<circle cx="${400 + n * 11}" cy="${300 - n * 7}" r="${330 - n * 36}" fill="hsl(${hue + n * 13} 70% ${30 + n * 6}%)"/>`,
  ).join('')

const tiles = (hue) =>
  times(48, (n) => {
    const [x, y] = [(n % 8) * 100, Math.floor(n / 8) * 100]
    const light = 34 + ((n * 37) % 40)
    return `<rect x="${x + 3}" y="${y + 3}" width="94" height="94" rx="10" fill="hsl(${hue + (n % 5) * 8} 48% ${light}%)"/>`
  }).join('')

/** A cube or a column of cubes, seen from a corner. */
const cubes = (hue, heights) =>
  heights
    .map(([column, row, height]) => {
      const [x, y] = [400 + (column - row) * 78, 330 + (column + row) * 45 - height]
      const face = (points, light) => `<polygon points="${points}" fill="hsl(${hue} 55% ${light}%)"/>`
      return [
        face(`${x},${y - 45} ${x + 78},${y} ${x},${y + 45} ${x - 78},${y}`, 72),
        face(`${x - 78},${y} ${x},${y + 45} ${x},${y + 45 + height} ${x - 78},${y + height}`, 50),
        face(`${x + 78},${y} ${x},${y + 45} ${x},${y + 45 + height} ${x + 78},${y + height}`, 36),
      ].join('')
    })
    .join('')

const STEPS = [
  [-1, -1, 190],
  [0, -1, 110],
  [-1, 0, 110],
  [1, -1, 60],
  [0, 0, 150],
  [-1, 1, 60],
  [1, 0, 80],
  [0, 1, 80],
  [1, 1, 40],
]
const ARCH = [
  [-1, 0, 200],
  [1, 0, 200],
  [0, 0, 40],
  [0, 1, 30],
]
const TOWER = [
  [0, 0, 260],
  [1, 0, 90],
  [0, 1, 130],
]

/** Each asset: name, tags, drawing and hue, name of its file. An OBJ has the drawing as its preview image. */
const ASSETS = [
  ['Harbour steps', 'model,architecture', (hue) => cubes(hue, STEPS), 232, 'steps.obj'],
  ['Dune study', 'landscape,reference', hills, 24, 'dune.png'],
  ['Glazed tiles', 'texture,seamless', tiles, 188, 'tiles.png'],
  ['Gate', 'model,architecture', (hue) => cubes(hue, ARCH), 12, 'gate.obj'],
  ['Ripple', 'abstract', rings, 205, 'ripple.png'],
  ['North ridge', 'landscape,reference', hills, 205, 'ridge.png'],
  ['Watchtower', 'model,architecture', (hue) => cubes(hue, TOWER), 160, 'tower.obj'],
  ['Brick wall', 'texture,seamless', tiles, 14, 'brick.png'],
  ['Ember', 'abstract', rings, 8, 'ember.png'],
  ['Forest ridge', 'landscape', hills, 140, 'forest.png'],
  ['Terrace', 'model,architecture', (hue) => cubes(hue, STEPS), 42, 'terrace.obj'],
  ['Violet bloom', 'abstract', rings, 268, 'bloom.png'],
  ['Slate floor', 'texture,seamless', tiles, 222, 'slate.png'],
  ['Evening hills', 'landscape', hills, 286, 'evening.png'],
  ['Lighthouse', 'model,architecture', (hue) => cubes(hue, TOWER), 350, 'lighthouse.obj'],
]

const CORNERS = times(8, (n) => [n & 1, (n >> 1) & 1, (n >> 2) & 1])
const SIDES = [
  [1, 5, 7, 3],
  [2, 4, 8, 6],
  [1, 2, 6, 5],
  [3, 7, 8, 4],
  [1, 3, 4, 2],
  [5, 6, 8, 7],
]

/** An OBJ of columns, one higher than 0 by its height. */
function model(columns) {
  const lines = columns.flatMap(([column, row, height], index) => [
    ...CORNERS.map(([x, y, z]) => `v ${column + x} ${(y * height) / 78} ${row + z}`),
    ...SIDES.map((side) => `f ${side.map((corner) => index * 8 + corner).join(' ')}`),
  ])
  return `${lines.join('\n')}\n`
}

const draw = (drawing, hue) =>
  sharp(
    Buffer.from(
      `<svg xmlns="http://www.w3.org/2000/svg" width="800" height="600"><rect width="800" height="600" fill="hsl(${hue} 45% 88%)"/>${drawing(hue)}</svg>`,
    ),
  )
    .png()
    .toBuffer()

async function call(path, options) {
  const answer = await fetch(ADDRESS + path, options)
  if (!answer.ok) throw new Error(`${path}: ${await answer.text()}`)
  return (await answer.json()).res
}

async function fill(username) {
  const body = JSON.stringify({ username, password: PASSWORD })
  const headers = { 'Content-Type': 'application/json' }
  const { token } = await call('/api/auth/register', { method: 'POST', headers, body })
  for (const [name, tags, drawing, hue, file] of [...ASSETS].reverse()) {
    const picture = await draw(drawing, hue)
    const form = new FormData()
    form.set('name', name)
    form.set('tags', tags)
    if (file.endsWith('.obj')) {
      form.set('files', new Blob([model(STEPS)]), file)
      form.set('images', new Blob([picture], { type: 'image/png' }), 'preview.png')
    } else form.set('files', new Blob([picture], { type: 'image/png' }), file)
    await call('/api/assets', { method: 'POST', headers: { Authorization: `Bearer ${token}` }, body: form })
  }
}

/** Waits until the pictures in the window are decoded. */
const SEEN_PICTURES = `Promise.all([...document.images]
  .filter((image) => image.getBoundingClientRect().top < innerHeight)
  .map((image) => image.decode())).then(() => undefined)`

/** Opens pages in a window of a size and theme, signed in, and stores a picture of each. */
async function shoot(browser, { username: login, password }, { width, height, colorScheme }, pages) {
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme,
    reducedMotion: 'reduce',
  })
  const page = await context.newPage()
  const take = async (name) => {
    await page.waitForLoadState('networkidle')
    await page.evaluate(SEEN_PICTURES)
    writeFileSync(
      `${OUT}/${name}.webp`,
      await sharp(await page.screenshot())
        .webp({ quality: 82 })
        .toBuffer(),
    )
  }
  await page.goto(`${ADDRESS}/sign-in`)
  if (pages['sign-in']) await take(pages['sign-in'])
  await page.fill('input[name=login]', login)
  await page.fill('input[name=password]', password)
  await page.click('main button[type=submit]')
  await page.waitForURL(`${ADDRESS}/`)
  if (!pages.admin) await page.locator('.card img').first().waitFor()
  if (pages.gallery) await take(pages.gallery)
  if (pages.selection) {
    for (const name of ['Dune study', 'Ripple', 'Gate'])
      await page.getByRole('checkbox', { name: `Select ${name}` }).check()
    await page.getByRole('button', { name: 'Tag', exact: true }).click()
    await take(pages.selection)
    await page.keyboard.press('Escape')
  }
  if (pages.asset) {
    await page.goto(ADDRESS)
    await page.getByRole('link', { name: 'Harbour steps' }).click()
    await page.getByText(/triangles$/).waitFor()
    await take(pages.asset)
  }
  if (pages.admin) {
    await page.goto(`${ADDRESS}/admin/users`)
    await page.getByRole('button', { name: `Manage ${username}` }).waitFor()
    await take(pages.admin)
  }
  if (pages.account) {
    await page.goto(`${ADDRESS}/account`)
    await page.getByRole('list', { name: 'Sessions' }).getByText('This device').waitFor()
    await take(pages.account)
  }
  await context.close()
}

const LAPTOP = { width: 1280, height: 800 }
const username = `mira-${Date.now().toString(36)}`
mkdirSync(OUT, { recursive: true })
await fill(username)
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: [
    '--no-sandbox',
    '--disable-dev-shm-usage',
    '--use-gl=angle',
    '--use-angle=swiftshader',
    '--enable-unsafe-swiftshader',
  ],
})
await shoot(
  browser,
  { username, password: PASSWORD },
  { ...LAPTOP, colorScheme: 'light' },
  { 'sign-in': 'sign-in', gallery: 'gallery', asset: 'asset', account: 'account' },
)
await shoot(
  browser,
  { username, password: PASSWORD },
  { ...LAPTOP, colorScheme: 'dark' },
  { gallery: 'gallery-dark', selection: 'dialog' },
)
await shoot(
  browser,
  { username, password: PASSWORD },
  { width: 390, height: 780, colorScheme: 'light' },
  { gallery: 'gallery-phone' },
)
const { ADMIN_USERNAME, ADMIN_PASSWORD } = process.env
if (ADMIN_USERNAME && ADMIN_PASSWORD) {
  const login = { username: ADMIN_USERNAME, password: ADMIN_PASSWORD }
  await shoot(browser, login, { ...LAPTOP, colorScheme: 'light' }, { admin: 'admin' })
}
await browser.close()
