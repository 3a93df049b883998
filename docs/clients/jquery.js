import { formOf, kura, repeat } from './kura.mjs'

const { $ } = window
if (location.hash) kura.url = location.hash.slice(1)

const call = (method, path, data, { headers, ...more } = {}) =>
  $.ajax({ method, url: kura.url + path, data, headers: { ...kura.headers, ...headers }, ...more })

async function upload(method, path, data) {
  const headers = { 'Idempotency-Key': crypto.randomUUID() }
  const retryAfter = (answer) => (answer.status ? answer.getResponseHeader('Retry-After') : 1)
  // jQuery leaves the data and its content type to the browser
  const send = () => call(method, path, data, { headers, processData: false, contentType: false })
  return (await repeat(send, retryAfter)).res.asset
}

async function run(file) {
  const account = { login: $('input').eq(0).val(), password: $('input').eq(1).val() }
  const session = await call('POST', '/api/auth/login', account)
  kura.headers.Authorization = `Bearer ${session.res.token}`
  await upload('POST', '/api/assets', formOf({ name: 'Oak chair', tags: 'wood,oak' }, file, file.name))
  const { id } = await upload('PUT', `/api/files/${encodeURIComponent(file.name)}`, file)
  const { res } = await call('GET', '/api/assets', { scope: 'mine', q: 'oak chairs' })
  $('pre').append(res.assets[0].name, '\n')

  // the browser downloads a signed URL by itself, without a header
  const signed = await call('GET', `/api/assets/${id}/url`, { download: 1 })
  location.href = kura.url + signed.res.url
  await call('POST', '/api/auth/logout')
  await call('GET', `/api/assets/${id}`)
}

$('button').on('click', () =>
  run($('input')[2].files[0]).catch((answer) =>
    $('pre').append(answer.responseJSON?.err.code ?? 'no answer', '\n'),
  ),
)
