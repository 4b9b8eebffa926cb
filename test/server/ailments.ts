import * as faults from "../upstream/faults.ts";
import type { Earlier, Script } from "../upstream/scripted.ts";
import { sseFrame } from "../upstream/wire.ts";
import { HELLO, HELLO_CUT } from "./questions.ts";

/** Patience with a backend, ms: short only where its end is what is waited for, or a busy machine would change the outcome. */
export function patienceFor(code: string): { connect: number; firstByte: number; idle: number } {
  const limit = code.endsWith("_timeout") ? 30 : 0;
  return { connect: limit, firstByte: limit, idle: limit };
}

/** A backend that breaks before it has read a request. */
export interface Broken {
  earlier: Earlier;
}

/** Faults before the backend has said anything: they have a status. */
export const EARLY: [how: string, backend: Script | Broken, status: number, code: string][] = [
  ["closes on accept", { earlier: faults.refusesAfterAccept("fin") }, 502, "upstream_closed"],
  ["resets on accept", { earlier: faults.refusesAfterAccept("reset") }, 502, "upstream_closed"],
  ["speaks SSH", { earlier: faults.speaksSsh }, 502, "upstream_protocol"],
  ["closes on the head", { earlier: faults.hangsUpOnHead("fin") }, 502, "upstream_closed"],
  ["resets on the head", { earlier: faults.hangsUpOnHead("reset") }, 502, "upstream_closed"],
  ["closes without an answer", faults.hangsUp("fin"), 502, "upstream_closed"],
  ["resets without an answer", faults.hangsUp("reset"), 502, "upstream_closed"],
  ["never answers", faults.neverAnswers, 504, "upstream_first_byte_timeout"],
  ["says Continue for ever", faults.continuesForever, 504, "upstream_first_byte_timeout"],
  ["sends a head of 300 KB", faults.hugeHead(300_000), 502, "upstream_protocol"],
  ["sends 5,000 headers", faults.hugeHead(300_000, 5_000), 502, "upstream_protocol"],
  ["sends headers for ever", faults.dribblesHead, 504, "upstream_first_byte_timeout"],
  ["sends the client elsewhere", faults.redirects("http://127.0.0.1:1/"), 502, "upstream_redirect"],
  ["says one endless line", faults.endlessLine, 502, "upstream_frame_too_large"],
  ["stays silent after its head", faults.stallsAfter([]), 504, "upstream_first_byte_timeout"],
  ["ends before it began", faults.cutAfter("", "clean"), 502, "upstream_truncated"],
  ["is cut before it began", faults.cutAfter("", "fin"), 502, "upstream_truncated"],
  ["is reset before it began", faults.cutAfter("", "reset"), 502, "upstream_truncated"],
  ["sends an empty body", faults.cutAfter("", "close-delimited"), 502, "upstream_truncated"],
  ["cuts a document", faults.shortBody('{"choices":[]}', 5), 502, "upstream_truncated"],
  ["resets within a document", faults.shortBody("{}", 1, "reset"), 502, "upstream_truncated"],
  ["says no JSON", (_, wire) => wire.sse(["{oops"]), 502, "upstream_bad_frame"],
  ["sends gzip unasked", faults.gzip({ stream: HELLO_CUT }), 502, "upstream_bad_response"],
  ["sends a gzip bomb", faults.gzip({ zeros: 1 << 24 }), 502, "upstream_bad_response"],
  ["calls garbage gzip", faults.gzip({ garbage: "what" }), 502, "upstream_bad_response"],
];

const frames = (...payloads: string[]) => HELLO_CUT + payloads.map(sseFrame).join("");
const then =
  (more: Uint8Array | string): Script =>
  async (_, wire) => {
    await wire.sseHead();
    await wire.chunk(HELLO_CUT);
    await wire.chunk(more);
    await wire.lastChunk();
  };

/** More than a frame may have, bytes. */
const LARGE = 7 * 160_000;

/** Faults in the middle of an answer: they are an error frame. */
export const LATE: [string, Script, string][] = [
  ["is reset", faults.cutAfter(HELLO_CUT, "reset"), "upstream_truncated"],
  ["is closed", faults.cutAfter(HELLO_CUT, "fin"), "upstream_truncated"],
  ["ends as if all were well", faults.cutAfter(HELLO_CUT, "clean"), "upstream_truncated"],
  ["ends with its connection", faults.cutAfter(HELLO_CUT, "close-delimited"), "upstream_truncated"],
  ["says [DONE] without a reason", then(sseFrame("[DONE]")), "upstream_truncated"],
  ["is cut within a frame", faults.cutAfter(`${HELLO_CUT}data: {"cho`, "fin"), "upstream_truncated"],
  ["stalls", faults.stallsAfter(HELLO.slice(0, 4)), "upstream_idle_timeout"],
  ["loses its chunks' sizes", faults.badChunkSize(HELLO_CUT), "upstream_protocol"],
  ["says no JSON", then(sseFrame("{oops")), "upstream_bad_frame"],
  ["says one endless line", then(`data: ${"x".repeat(LARGE)}`), "upstream_frame_too_large"],
  ["says one endless event", then("data: xxxxxxx\n".repeat(LARGE / 7)), "upstream_frame_too_large"],
  ["reports an error", then(frames('{"error":{"message":"boom","code":500}}')), "upstream_error"],
  ["reports a text", then(frames('{"error":"boom"}')), "upstream_error"],
  ["reports an error in a bare line", then('{"error":"boom"}\n'), "upstream_error"],
  [
    "ends with the reason error",
    then(frames('{"choices":[{"index":0,"delta":{},"finish_reason":"error"}]}')),
    "upstream_error",
  ],
];
