// Audio of any length, stored by the worker: downloads it from S3, or tells where on the endpoint's volume it is.
//   node stored.mjs "Hello." --voice sarah --out speech.mp3 --delivery s3

import { createWriteStream } from "node:fs";
import { stat } from "node:fs/promises";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";

const FINAL = ["COMPLETED", "FAILED", "CANCELLED", "TIMED_OUT"];
const POLL_MS = 500;

async function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      voice: { type: "string", default: "sarah" },
      out: { type: "string", default: "speech.mp3" },
      delivery: { type: "string", default: "s3" },
    },
  });
  if (positionals.length !== 1) throw new Error("say what to speak: node stored.mjs TEXT [--delivery s3|volume] …");
  const reply = await answered({ text: positionals[0], voice: values.voice, delivery: values.delivery });
  const length = `${reply.duration_sec.toFixed(1)} s of audio`;
  if (reply.audio_path) {
    console.log(`on the endpoint's volume: ${reply.audio_path}, ${length}`);
    return;
  }
  await download(reply.audio_url, values.out, reply.size_bytes);
  console.log(`${values.out}: ${length}, voice ${reply.voice}`);
}

/** Writes the file behind a URL that is a secret itself: whoever has it has the audio, so no message shows it. */
async function download(url, out, sizeBytes) {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`the store answers ${answer.status} ${answer.statusText}`);
  await pipeline(Readable.fromWeb(answer.body), createWriteStream(out));
  const { size } = await stat(out);
  if (size !== sizeBytes) throw new Error(`the download has ${size} bytes and not ${sizeBytes}`);
}

/** The worker's reply. */
async function answered(input) {
  const { id } = await call("run", { method: "POST", body: JSON.stringify({ input }) });
  for (;;) {
    const job = await call(`status/${id}`);
    if (job.status === "COMPLETED") {
      return Array.isArray(job.output) ? job.output[0] : job.output; // a list from an endpoint that can stream
    }
    if (FINAL.includes(job.status)) throw new Error(reason(job));
    console.log(`job ${id}: ${job.status}`);
    await sleep(POLL_MS);
  }
}

/** Why the job failed: the worker's code and message, or what the platform says of it. */
function reason(job) {
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
