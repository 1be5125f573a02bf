#!/bin/sh
# Takes a lock over HTTP, works in steps while its own clock says that it holds, gives the lock back.
# lock.sh NAME COMMAND: COMMAND is called once a step, up to STEPS times. HOLDFAST_URL says where `holdfast serve` listens.
set -eu
lock=$HOLDFAST_URL/v1/locks/$1
id=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')

post() { curl --silent --show-error --fail-with-body --json "$2" "$lock/$1"; }
field() { sed -n "s/.*\"$1\":\"\{0,1\}\([^,\"}]*\).*/\1/p"; }
# Milliseconds since the machine started: this clock is never set.
now() { read -r up _ </proc/uptime && echo "${up%.*}${up#*.}0"; }

asked=$(now) # before the request, never after the answer
answer=$(post acquire "{\"id\":\"$id\",\"ttlMs\":10000,\"waitMs\":${WAIT_MS:-0}}") || { echo "not obtained: $answer" >&2; exit 75; }
trap 'post release "{\"id\":\"$id\"}" >/dev/null' EXIT
HOLDFAST_TOKEN=$(echo "$answer" | field token)
export HOLDFAST_TOKEN
until=$((asked + $(echo "$answer" | field believeMs)))

for step in $(seq "${STEPS:-1}"); do
  asked=$(now)
  answer=$(post renew "{\"id\":\"$id\",\"token\":\"$HOLDFAST_TOKEN\"}") && until=$((asked + $(echo "$answer" | field believeMs)))
  [ "$(now)" -lt "$until" ] || { echo "lost" >&2; exit 76; }
  $2 "$step"
done
