import base64, hashlib, os, time, uuid
import httpx

kura = httpx.Client(base_url=os.environ['KURA'], timeout=60)


def call(method, path, **options):
    return checked(kura.request(method, path, **options))


def checked(answer):
    if answer.is_error:
        raise RuntimeError(answer.read() and answer.json()['err']['code'])
    return answer


def upload(method, path, file, headers={}, **options):
    headers = {'Idempotency-Key': str(uuid.uuid4()), **headers}
    for attempt in (1, 2, 3):
        file.seek(0)
        try:
            answer = kura.request(method, path, headers=headers, **options)
            if attempt == 3 or 'Retry-After' not in answer.headers:
                return checked(answer).json()['res']['asset']
            time.sleep(int(answer.headers['Retry-After']))
        except httpx.TransportError:
            if attempt == 3:
                raise
            time.sleep(1)


account = {'login': os.environ['LOGIN'], 'password': os.environ['PASSWORD']}
session = call('POST', '/api/auth/login', json=account).json()['res']
kura.headers['Authorization'] = 'Bearer ' + session['token']

# the body is read from the file in pieces, and so is a form
with open('chair.glb', 'rb') as file:
    digest = base64.b64encode(hashlib.file_digest(file, 'sha256').digest()).decode()
    asset = upload('PUT', '/api/files/chair.glb', file, {'Content-Digest': f'sha-256=:{digest}:'}, content=file)
with open('chair.obj', 'rb') as file:
    upload('POST', '/api/assets', file, files={'files': file}, data={'name': 'Oak chair', 'tags': ['wood', 'oak']})
found = call('GET', '/api/assets', params={'scope': 'mine', 'q': 'oak chairs'}).json()['res']
print(found['assets'][0]['name'])

# continues the download where an earlier one ended
stored = asset['files'][0]
with open('copy.glb', 'ab') as copy:
    rest = {'Range': f'bytes={copy.tell()}-', 'If-Range': f'"{stored["sha256"]}"'} if copy.tell() else {}
    with kura.stream('GET', stored['url'], headers=rest) as answer:
        if checked(answer).status_code == 200:
            copy.truncate(0)
        for chunk in answer.iter_bytes():
            copy.write(chunk)

call('POST', '/api/auth/logout')
try:
    call('GET', f'/api/assets/{asset["id"]}')
except RuntimeError as error:
    print(error)
