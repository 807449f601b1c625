#!/usr/bin/env bash
# Audio while it is made: asks for each piece as soon as there is one, and writes it at once. To hear it meanwhile:
#   ./stream.sh "Hello." sarah /dev/stdout | ffplay -nodisp -autoexit -
# Needs curl 7.76 or newer, and jq.
set -euo pipefail

text=${1:?what to say: stream.sh TEXT [VOICE] [FILE]}
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

fail() {
  echo "$1" >&2
  exit 1
}

# take NUMBER: deals with one event of the answer.
take() {
  local event=".stream[$1].output" index pieces
  case $(jq --raw-output "$event.type" "$answer") in
    audio)
      index=$(jq "$event.index" "$answer")
      ((index == next)) || fail "piece $next was lost: the file ends before it"
      jq --raw-output "$event.audio_base64" "$answer" | base64 --decode >>"$file"
      echo "piece $index" >&2
      next=$((next + 1))
      ;;
    done)
      pieces=$(jq "$event.pieces" "$answer")
      ((pieces == next)) || fail "piece $next was lost: the file ends before it"
      jq --raw-output --arg file "$file" \
        "$event"' | "\($file): \(.duration_sec * 10 | round / 10) s of audio, voice \(.voice)"' "$answer" >&2
      exit 0
      ;;
    progress)
      jq --raw-output "$event"' | "\(.done // 0 | . * 100 | round) % spoken"' "$answer" >&2
      ;;
    failed)
      fail "$(jq --raw-output "$event.failure"' | "\(.code): \(.message)"' "$answer")"
      ;;
  esac
}

id=$(jq --null-input --arg text "$text" --arg voice "$voice" '{input: {$text, $voice, stream: true}}' |
  call run --data @- | jq --raw-output .id)
: >"$file"
next=0
while true; do
  call "stream/$id" --output "$answer"
  count=$(jq '.stream | length' "$answer")
  for ((number = 0; number < count; number++)); do
    take "$number"
  done
  if ((count == 0)); then
    case $(jq --raw-output .status "$answer") in COMPLETED | FAILED | CANCELLED | TIMED_OUT) break ;; esac
    sleep 0.2
  fi
done

# The job ended without a last event: the platform says why.
call "status/$id" --output "$answer"
fail "$(jq --raw-output '(.error | fromjson? // .) as $error
  | if .status == "COMPLETED" then "this endpoint sends whole replies: set TTS_FRONTEND=stream there, or use run.sh"
    elif $error.code? then "\($error.code): \($error.message)"
    else "\(.status): \($error // "no reason is given")" end' "$answer")"
