// Text to a file: starts a job, waits for it, and tells why one failed.
//   node speak.mjs "Hello." --voice sarah --out speech.mp3

import { writeFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";

const FINAL = ["COMPLETED", "FAILED", "CANCELLED", "TIMED_OUT"];
const POLL_MS = 500;

async function main() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { voice: { type: "string", default: "sarah" }, out: { type: "string", default: "speech.mp3" } },
  });
  if (positionals.length !== 1) throw new Error("say what to speak: node speak.mjs TEXT [--voice VOICE] [--out FILE]");
  const reply = await answered({ text: positionals[0], voice: values.voice, delivery: "inline" });
  await writeFile(values.out, Buffer.from(reply.audio_base64, "base64"));
  console.log(`${values.out}: ${reply.duration_sec.toFixed(1)} s of audio, voice ${reply.voice}`);
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
