import { call, formOf, kura, read, signIn, upload } from './kura.mjs'

if (location.hash) kura.url = location.hash.slice(1)
const [login, password, input, button, output] = document.querySelectorAll('input, button, pre')

async function run(file) {
  await signIn(login.value, password.value)
  await upload('POST', '/api/assets', {
    body: formOf({ name: 'Oak chair', tags: 'wood,oak' }, file, file.name),
  })
  const { id } = await upload('PUT', `/api/files/${encodeURIComponent(file.name)}`, { body: file })
  const { assets } = await read('/api/assets?scope=mine&q=oak+chairs')
  output.append(assets[0].name, '\n')

  // the browser downloads a signed URL by itself, without a header
  const { url } = await read(`/api/assets/${id}/url?download=1`)
  location.href = kura.url + url
  await call('POST', '/api/auth/logout')
  await read(`/api/assets/${id}`)
}

button.onclick = () =>
  run(input.files[0]).catch((error) => output.append(error.err?.code ?? 'no answer', '\n'))
