// Audio while it is made: asks for each piece as soon as there is one, and writes it at once. To hear it meanwhile:
//   node stream.mjs "Hello." --out /dev/stdout | ffplay -nodisp -autoexit -

import { open } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";

const FINAL = ["COMPLETED", "FAILED", "CANCELLED", "TIMED_OUT"];
const POLL_MS = 200;

async function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { voice: { type: "string", default: "sarah" }, out: { type: "string", default: "speech.mp3" } },
  });
  if (positionals.length !== 1) throw new Error("say what to speak: node stream.mjs TEXT [--voice VOICE] [--out FILE]");
  const input = { text: positionals[0], voice: values.voice, stream: true };
  const { id } = await call("run", { method: "POST", body: JSON.stringify({ input }) });
  const file = await open(values.out, "w");
  try {
    for await (const audio of pieces(id)) await file.writeFile(audio);
  } finally {
    await file.close();
  }
}

/** The bytes of the file, piece by piece; throws where not all of them come. */
async function* pieces(id) {
  let next = 0;
  for await (const event of events(id)) {
    if (event.type === "audio" && event.index === next) {
      const audio = Buffer.from(event.audio_base64, "base64");
      yield audio;
      console.error(`piece ${next}: ${audio.length} bytes`);
      next += 1;
    } else if (event.type === "done" && event.pieces === next) {
      console.error(`${event.duration_sec.toFixed(1)} s of audio, voice ${event.voice}`);
      return;
    } else if (event.type === "audio" || event.type === "done") {
      throw new Error(`piece ${next} was lost: the file ends before it`);
    } else if (event.type === "progress") {
      console.error(`${Math.round(100 * (event.done ?? 0))} % spoken`);
    } else if (event.type === "failed") {
      throw new Error(`${event.failure.code}: ${event.failure.message}`);
    }
  }
  throw new Error(reason(await call(`status/${id}`)));
}

/** What the worker sends, as it comes, until the job has ended. */
async function* events(id) {
  for (;;) {
    const { status, stream = [] } = await call(`stream/${id}`);
    for (const chunk of stream) yield chunk.output;
    if (stream.length === 0) {
      if (FINAL.includes(status)) return;
      await sleep(POLL_MS);
    }
  }
}

/** Why the job ended without a last event. */
function reason(job) {
  if (job.status === "COMPLETED") {
    return "this endpoint sends whole replies: set TTS_FRONTEND=stream there, or use speak.mjs";
  }
  let error = job.error;
  try {
    error = JSON.parse(error);
  } catch {
    // an object already, or words of the platform's
  }
  return error?.code ? `${error.code}: ${error.message}` : `${job.status}: ${error ?? "no reason is given"}`;
}

/** What the platform answers. */
async function call(path, request = {}) {
  const base = process.env.RUNPOD_ENDPOINT_BASE_URL ?? "https://api.runpod.ai/v2";
  const headers = { Authorization: `Bearer ${given("RUNPOD_API_KEY")}`, "Content-Type": "application/json" };
  const answer = await fetch(`${base}/${given("RUNPOD_ENDPOINT_ID")}/${path}`, { ...request, headers });
  if (!answer.ok) throw new Error(`the platform answers ${answer.status} ${answer.statusText}`);
  return answer.json();
}

function given(name) {
  if (!process.env[name]) throw new Error(`${name} is not set`);
  return process.env[name];
}

try {
  await main();
} catch (error) {
  console.error([error.message, error.cause?.message].filter(Boolean).join(": "));
  process.exitCode = 1;
}
