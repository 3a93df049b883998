#!/bin/sh
# Makes the data folder of the first release that test/commands/upgrade.test.ts upgrades: builds that release from the
# history, starts it, sends requests that store documents of every kind, and packs the folder.
# Usage: sh test/runs/first-release-data.sh [OUTPUT]
set -eu
FIRST=2da599c
OUTPUT=$(realpath -m "${1:-test/support/upgrade/first-release.tar.gz}")
WORK=$(mktemp -d)
SERVICE=
trap 'if [ -n "$SERVICE" ]; then kill -9 "$SERVICE" 2>/dev/null || true; fi; rm -rf "$WORK"' EXIT

mkdir -p "$WORK/release" "$WORK/files" "$WORK/pack/data"
git archive "$FIRST" | tar -x -C "$WORK/release"
(cd "$WORK/release" && npm ci --no-audit --no-fund >&2 && npm run --silent build >&2)
PORT=$(node -p 'const s = require("net").createServer().listen(0, () => { console.log(s.address().port); s.close() }); ""' | tr -d '\n')
cd "$WORK/release"
# The records of activities must not expire, and the lock must not end, as long as the folder is used.
NODE_ENV=development PORT=$PORT HOST=127.0.0.1 DATA_DIR="$WORK/pack/data" BCRYPT_COST=4 ACTIVITY_DAYS=3650 \
  LOG_LEVEL=warn node dist/server.js >&2 &
SERVICE=$!
KURA=http://127.0.0.1:$PORT
for _ in $(seq 300); do
  if curl -fso /dev/null "$KURA/readyz"; then break; fi
  sleep 0.1
done

field() { node -p "JSON.parse(fs.readFileSync(0)).res.$1"; }
register() { curl -fsS "$KURA/api/auth/register" -H 'Content-Type: application/json' -d "$1" | field token; }
as() { token=$1; shift; curl -fsS -H "Authorization: Bearer $token" "$@"; }
json() { token=$1; path=$2; shift 2; as "$token" "$KURA$path" -H 'Content-Type: application/json' "$@"; }

cd "$WORK/files"
printf 'v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n' >chair.obj
node -e "require('$WORK/release/node_modules/sharp')({create:{width:40,height:30,channels:3,background:'#b5651d'}}).png().toFile('chair.png')"
head -c 3000 /dev/urandom >'blob one.bin'
printf 'plain text of bob' >notes.txt

ADA=$(register '{"username":"ada","password":"seven red lanterns","email":"ada@example.org","name":"Ada"}')
BOB=$(register '{"username":"bob","password":"seven red lanterns"}')
register '{"username":"eve"}' >/dev/null
json "$ADA" /api/users/me -X PATCH -d '{"discoverable":true}' >/dev/null

PUBLIC=$(as "$ADA" "$KURA/api/assets" -F files=@chair.obj -F images=@chair.png -F name='Oak chair' -F tags=wood,furniture \
  -F visibility=public -F description='A chair of oak' | field asset.id)
TWO=$(as "$ADA" "$KURA/api/assets" -F files=@chair.obj -F 'files=@blob one.bin' -F name='Two files' | field asset.id)
PICTURE=$(as "$BOB" "$KURA/api/assets" -F files=@chair.png -F name=Picture -F visibility=public | field asset.id)
NOTES=$(as "$BOB" "$KURA/api/assets" -F files=@notes.txt -F name=Notes -F tags=text | field asset.id)
json "$ADA" "/api/assets/$TWO/collaborators/bob" -X PUT -d '{"access":"write"}' >/dev/null
json "$ADA" "/api/assets/$TWO" -X PATCH -d '{"name":"Two files again"}' >/dev/null
as "$ADA" "$KURA/api/assets/$TWO/files" -X PUT -F 'files=@blob one.bin' -F files=@notes.txt >/dev/null
LINK=$(json "$ADA" "/api/assets/$PUBLIC/links" -d '{}' | field link.url)
LOCKED_LINK=$(json "$ADA" "/api/assets/$TWO/links" -d '{"maxDownloads":5,"password":"open sesame"}' | field link.url)
curl -fsS "$KURA$LINK/download" -o /dev/null
json "$BOB" "/api/assets/$NOTES/lock" -X PUT -d '{"mode":"governance","until":"2036-06-01T00:00:00Z"}' >/dev/null
json "$ADA" "/api/assets/$PUBLIC/lock" -X PUT -d '{"legalHold":true}' >/dev/null
PROJECT=$(json "$BOB" /api/projects -d "{\"title\":\"Room\",\"image\":\"$PICTURE\"}" | field project.id)
json "$BOB" "/api/projects/$PROJECT/scenes" -d "{\"base\":[\"$PICTURE\"],\"overlay\":[\"$TWO\"]}" >/dev/null
GONE=$(as "$ADA" "$KURA/api/assets" -F files=@notes.txt | field asset.id)
as "$ADA" "$KURA/api/assets/$GONE" -X DELETE

kill -TERM "$SERVICE"
wait "$SERVICE"
SERVICE=
printf '{"link":"%s","lockedLink":"%s","public":"%s","two":"%s","notes":"%s"}\n' \
  "$LINK" "$LOCKED_LINK" "$PUBLIC" "$TWO" "$NOTES" >"$WORK/pack/facts.json"
rm -f "$WORK/pack/data/mongo/data/lock.mdb" "$WORK/pack/data/mongo/address.json"
mkdir -p "$(dirname "$OUTPUT")"
tar -C "$WORK/pack" -czf "$OUTPUT" data facts.json
ls -l "$OUTPUT" >&2
