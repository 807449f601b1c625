#!/usr/bin/env bash
# Text to a file in one call, which waits for the job up to 5 minutes.
# Needs curl 7.76 or newer, and jq.
set -euo pipefail

text=${1:?what to say: runsync.sh TEXT [VOICE] [FILE]}
voice=${2:-sarah}
file=${3:-speech.mp3}
endpoint=${RUNPOD_ENDPOINT_BASE_URL:-https://api.runpod.ai/v2}/${RUNPOD_ENDPOINT_ID:?is not set}
key=${RUNPOD_API_KEY:?is not set}
answer=$(mktemp)
trap 'rm -f "$answer"' EXIT

# The key comes from a pipe, because command lines are there for all to read.
jq --null-input --arg text "$text" --arg voice "$voice" '{input: {$text, $voice, delivery: "inline"}}' |
  curl --silent --show-error --fail-with-body --header @<(printf 'Authorization: Bearer %s' "$key") \
    --header 'Content-Type: application/json' --data @- --output "$answer" "$endpoint/runsync?wait=300000"

if [[ $(jq --raw-output .status "$answer") != COMPLETED ]]; then
  jq --raw-output '(.error | fromjson? // .) as $error
    | if $error.code? then "\($error.code): \($error.message)"
      else "job \(.id): \(.status): \($error // "no reason is given")" end' "$answer" >&2
  exit 1
fi

# The output is a list from an endpoint that can stream.
reply='(.output | if type == "array" then .[0] else . end)'
jq --raw-output "$reply.audio_base64" "$answer" | base64 --decode >"$file"
jq --raw-output --arg file "$file" \
  "$reply"' | "\($file): \(.duration_sec * 10 | round / 10) s of audio, voice \(.voice)"' "$answer"
