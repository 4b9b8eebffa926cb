import { gzipSync } from "node:zlib";
import type { Earlier, Script, Wire } from "./scripted.ts";
import { turn } from "./connection.ts";
import { bytesOf, chunkBytes, sseFrame } from "./wire.ts";

/** The ways a real server fails, each as a script. Where a word of time is needed, the test passes it. */

/** Accepts the connection and closes or resets it before reading a byte: a proxy whose own server is gone. */
export function refusesAfterAccept(how: "fin" | "reset"): Earlier {
  return { connected: (wire) => end(wire, how) };
}

/** Not HTTP at all: a port that belongs to another program. */
export const speaksSsh: Earlier = { connected: (wire) => wire.raw("SSH-2.0-OpenSSH_10.0\r\n") };

/** Closes or resets when it has read the head of the request, body unread: a server that refuses the upload. */
export function hangsUpOnHead(how: "fin" | "reset"): Earlier {
  return { headed: (_, wire) => end(wire, how) };
}

/** The request was read whole, no byte comes back: whether it was carried out nobody can know. */
export function hangsUp(how: "fin" | "reset"): Script {
  return (_, wire) => end(wire, how);
}

/** Reads the request and says nothing, ever. */
export const neverAnswers: Script = () => undefined;

/**
 * Serves the first request of every connection and closes or resets when the next one arrives, unanswered: what a
 * client meets that uses a kept-alive connection at the moment the server gives it up.
 */
export function betraysReuse(answer: Script, how: "fin" | "reset"): Script {
  return (request, wire) => (request.turn === 0 ? answer(request, wire) : end(wire, how));
}

/**
 * Answers, promises keep-alive and closes at once. llama-server does that after a stream: a client that takes the
 * connection again before it has seen the end sends into the void.
 */
export function closesAfter(answer: Script): Script {
  return async (request, wire) => {
    await answer(request, wire);
    await wire.fin();
  };
}

/** Holds a script back until a promise of the test's own is kept: a slow first byte without a clock. */
export function after(kept: Promise<unknown>, script: Script): Script {
  return async (request, wire) => {
    await kept;
    await script(request, wire);
  };
}

/** One header after the other without an end. Stops when the client leaves. */
export const dribblesHead: Script = async (_, wire) => {
  await wire.raw("HTTP/1.1 200 OK\r\n");
  for (let n = 0; await wire.raw(`x-${n}: 1\r\n`); n += 1) await turn();
};

/** `100 Continue` without an end: every read is a sign of life, none is an answer. */
export const continuesForever: Script = async (_, wire) => {
  while (await wire.raw("HTTP/1.1 100 Continue\r\n\r\n")) await turn();
};

/** A whole answer whose head is larger than anyone needs: one long header, or many short ones. */
export function hugeHead(bytes: number, lines = 1): Script {
  return async (_, wire) => {
    const value = "x".repeat(Math.ceil(bytes / lines));
    const many = Array.from({ length: lines }, (_, n) => [`x-${n}`, value] as const);
    await wire.head(200, [...many, ["content-length", "0"]]);
  };
}

/** Sends the client elsewhere; what matters is that the key does not follow. */
export function redirects(to: string, status = 307): Script {
  return (_, wire) => wire.head(status, { location: to, "content-length": "0" });
}

/** How an answer stops before it is whole. */
export type Cut =
  /** The connection is reset. */
  | "reset"
  /** The connection is closed and the last chunk is missing. */
  | "fin"
  /** The last chunk comes as if all were well: only the dialect can tell that something is missing. */
  | "clean"
  /** The length was never said, so that the close is the end: neither HTTP nor TCP can tell. */
  | "close-delimited";

/** The first bytes of an event stream, then the cut. */
export function cutAfter(stream: Uint8Array | string, cut: Cut): Script {
  return async (_, wire) => {
    if (cut === "close-delimited") {
      await wire.head(200, { "content-type": "text/event-stream", connection: "close" });
      await wire.raw(stream);
      return wire.fin();
    }
    await wire.sseHead();
    if (stream.length > 0) await wire.chunk(stream);
    // The client may read what has arrived; a reset can otherwise overtake it.
    await turn();
    if (cut === "clean") await wire.lastChunk();
    else await end(wire, cut);
  };
}

/** A whole document of which only the first bytes come, although `content-length` promised all. */
export function shortBody(body: string, bytes: number, how: "fin" | "reset" = "fin"): Script {
  return async (_, wire) => {
    const whole = bytesOf(body);
    await wire.head(200, { "content-type": "application/json", "content-length": String(whole.length) });
    await wire.raw(whole.subarray(0, bytes));
    await turn();
    await end(wire, how);
  };
}

/** Some frames, then silence. Resolve `until` to let it end cleanly. */
export function stallsAfter(
  payloads: readonly string[],
  until: Promise<void> = new Promise(() => undefined),
): Script {
  return async (_, wire) => {
    await wire.sseHead();
    for (const payload of payloads) await wire.chunk(sseFrame(payload));
    await until;
    await wire.lastChunk();
  };
}

/** A chunk whose size is no number. */
export function badChunkSize(stream: string): Script {
  return async (_, wire) => {
    await wire.sseHead();
    await wire.chunk(stream);
    await wire.raw("zz\r\nwhat\r\n");
  };
}

/** One line without an end, until the client leaves: a frame larger than any limit. */
export const endlessLine: Script = async (_, wire) => {
  await wire.sseHead();
  await wire.chunk("data: ");
  const piece = chunkBytes("x".repeat(64 * 1024));
  while (await wire.raw(piece)) await turn();
};

/** The same frame as fast as the client reads, until it leaves. `wire.sent` stands still while the client does not read. */
export function floods(payload: string, size = 64 * 1024): Script {
  return async (_, wire) => {
    const frame = sseFrame(payload);
    const piece = chunkBytes(frame.repeat(Math.max(1, Math.floor(size / frame.length))));
    await wire.sseHead();
    while (await wire.raw(piece)) await turn();
  };
}

/** Says gzip and sends a compressed stream, one that inflates to `bytes`, or something that is no gzip at all. */
export function gzip(content: { stream: string } | { zeros: number } | { garbage: string }): Script {
  return async (_, wire) => {
    await wire.sseHead({ "content-encoding": "gzip" });
    if ("stream" in content) await wire.chunk(gzipSync(content.stream));
    else if ("zeros" in content) await wire.chunk(gzipSync(Buffer.alloc(content.zeros)));
    else await wire.chunk(content.garbage);
    await wire.lastChunk();
  };
}

/** A whole answer and, in the same write, bytes nobody asked for. A connection that carried them is not to be used again. */
export function trailingBytes(payloads: readonly string[], extra: string): Script {
  return async (_, wire) => {
    const whole = payloads.map((payload) => chunkBytes(sseFrame(payload)));
    await wire.sseHead();
    await wire.raw(Buffer.concat([...whole, bytesOf(`0\r\n\r\n${extra}`)]));
    wire.complete();
  };
}

async function end(wire: Wire, how: "fin" | "reset"): Promise<void> {
  if (how === "reset") wire.reset();
  else await wire.fin();
}
