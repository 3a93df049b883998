import base64, hashlib, os, uuid
import requests
from requests.adapters import HTTPAdapter, Retry

KURA = os.environ['KURA']
kura = requests.Session()
# for uploads with an Idempotency-Key; waits as Retry-After says
again = Retry(3, status_forcelist=[409, 429, 503], allowed_methods=None, backoff_factor=0.5, raise_on_status=False)


def call(method, path, **options):
    answer = kura.request(method, KURA + path, timeout=60, **options)
    if not answer.ok:
        raise RuntimeError(answer.json()['err']['code'])
    return answer


def upload(method, path, headers={}, **options):
    headers = {'Idempotency-Key': str(uuid.uuid4()), **headers}
    return call(method, path, headers=headers, **options).json()['res']['asset']


for path in ('/api/files/', '/api/assets'):
    kura.mount(KURA + path, HTTPAdapter(max_retries=again))
account = {'login': os.environ['LOGIN'], 'password': os.environ['PASSWORD']}
session = call('POST', '/api/auth/login', json=account).json()['res']
kura.headers['Authorization'] = 'Bearer ' + session['token']

# the body is read from the file in pieces
with open('chair.glb', 'rb') as file:
    digest = base64.b64encode(hashlib.file_digest(file, 'sha256').digest()).decode()
    file.seek(0)
    asset = upload('PUT', '/api/files/chair.glb', {'Content-Digest': f'sha-256=:{digest}:'}, data=file)

# a form is in memory as a whole
with open('chair.obj', 'rb') as file:
    upload('POST', '/api/assets', files={'files': file}, data={'name': 'Oak chair', 'tags': ['wood', 'oak']})
found = call('GET', '/api/assets', params={'scope': 'mine', 'q': 'oak chairs'}).json()['res']
print(found['assets'][0]['name'])

# continues the download where an earlier one ended
stored = asset['files'][0]
with open('copy.glb', 'ab') as copy:
    rest = {'Range': f'bytes={copy.tell()}-', 'If-Range': f'"{stored["sha256"]}"'} if copy.tell() else {}
    with call('GET', stored['url'], headers=rest, stream=True) as answer:
        if answer.status_code == 200:
            copy.truncate(0)
        for chunk in answer.iter_content(65536):
            copy.write(chunk)

call('POST', '/api/auth/logout')
try:
    call('GET', f'/api/assets/{asset["id"]}')
except RuntimeError as error:
    print(error)
