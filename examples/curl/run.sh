#!/usr/bin/env bash
# Text to a file: starts a job, asks for its status until it has ended, and tells why one failed.
# Needs curl 7.76 or newer, and jq.
set -euo pipefail

text=${1:?what to say: run.sh TEXT [VOICE] [FILE]}
voice=${2:-sarah}
file=${3:-speech.mp3}
endpoint=${RUNPOD_ENDPOINT_BASE_URL:-https://api.runpod.ai/v2}/${RUNPOD_ENDPOINT_ID:?is not set}
key=${RUNPOD_API_KEY:?is not set}
answer=$(mktemp)
trap 'rm -f "$answer"' EXIT

# call PATH [OPTION…]; the key comes from a pipe, because command lines are there for all to read.
call() {
  curl --silent --show-error --fail-with-body --header @<(printf 'Authorization: Bearer %s' "$key") \
    --header 'Content-Type: application/json' "$endpoint/$1" "${@:2}"
}

id=$(jq --null-input --arg text "$text" --arg voice "$voice" '{input: {$text, $voice, delivery: "inline"}}' |
  call run --data @- | jq --raw-output .id)

while true; do
  call "status/$id" --output "$answer"
  status=$(jq --raw-output .status "$answer")
  case $status in COMPLETED | FAILED | CANCELLED | TIMED_OUT) break ;; esac
  echo "job $id: $status"
  sleep 0.5
done

if [[ $status != COMPLETED ]]; then
  jq --raw-output '(.error | fromjson? // .) as $error
    | if $error.code? then "\($error.code): \($error.message)" else "\(.status): \($error // "no reason is given")" end' \
    "$answer" >&2
  exit 1
fi

# The output is a list from an endpoint that can stream.
reply='(.output | if type == "array" then .[0] else . end)'
jq --raw-output "$reply.audio_base64" "$answer" | base64 --decode >"$file"
jq --raw-output --arg file "$file" \
  "$reply"' | "\($file): \(.duration_sec * 10 | round / 10) s of audio, voice \(.voice)"' "$answer"
