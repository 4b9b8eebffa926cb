/**
 * The other end of `bench-client.ts`, in a process of its own: answers over plain TCP as cheaply as Bun can, and misbehaves
 * where the path says so. Prints its port and serves until its parent ends it.
 */
import type { Socket } from "bun";

/** About 180 bytes, as llama-server writes a token. */
const EVENT = `data: ${JSON.stringify({
  id: "chatcmpl-1",
  object: "chat.completion.chunk",
  created: 1_790_000_000,
  model: "test-model",
  choices: [{ index: 0, delta: { content: " token" }, finish_reason: null }],
})}\n\n`;
const CHUNK = `${EVENT.length.toString(16)}\r\n${EVENT}\r\n`;
const LAST = "0\r\n\r\n";
const OK = "HTTP/1.1 200 OK\r\nServer: bench\r\nKeep-Alive: timeout=5, max=100\r\n";
const STREAM = `${OK}Content-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n`;
const DOCUMENT = JSON.stringify({
  object: "chat.completion",
  choices: [{ message: { content: "x".repeat(420) } }],
});
const JSON_ANSWER = `${OK}Content-Type: application/json\r\nContent-Length: ${DOCUMENT.length}\r\n\r\n${DOCUMENT}`;

/** Events of an answer that is cut, all in one write with its head. */
const CUT_EVENTS = 50;
/** Bytes of body that a cut answer brings. */
export const CUT_BYTES = CUT_EVENTS * EVENT.length;
/** Between two events of a paced stream, ms. */
const PACE_MS = 50;
/** Before a reset, so that it does not overtake the bytes before it, ms. */
const RESET_MS = 5;

interface Peer {
  held: Buffer;
  unsent: Buffer;
  timer: Timer | undefined;
}
type Line = Socket<Peer>;

if (import.meta.main) {
  const { port } = Bun.listen<Peer>({
    hostname: "127.0.0.1",
    port: 0,
    socket: {
      open(line) {
        line.data = { held: Buffer.alloc(0), unsent: Buffer.alloc(0), timer: undefined };
        line.setNoDelay(true);
      },
      data: receive,
      drain: (line) => send(line, ""),
      close: ({ data }) => clearInterval(data.timer),
      error: () => undefined,
    },
  });
  process.stdout.write(`${port}\n`);
}

function receive(line: Line, bytes: Buffer): void {
  const peer = line.data;
  peer.held = peer.held.length === 0 ? bytes : Buffer.concat([peer.held, bytes]);
  for (;;) {
    const end = peer.held.indexOf("\r\n\r\n");
    if (end === -1) return;
    const head = peer.held.toString("latin1", 0, end);
    const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0);
    const next = end + 4 + length;
    if (peer.held.length < next) return;
    peer.held = peer.held.subarray(next);
    const { pathname, searchParams } = new URL(head.split(" ")[1] ?? "/", "http://bench");
    ANSWERS[pathname]?.(line, Number(searchParams.get("events") ?? 20));
  }
}

const ANSWERS: Record<string, (line: Line, events: number) => void> = {
  "/json": (line) => send(line, JSON_ANSWER),
  "/events": (line, events) => send(line, STREAM + CHUNK.repeat(events) + LAST),
  "/paced": pace,
  "/hang": () => undefined,
  // A whole answer and the promise to keep the connection, which is closed: what llama-server does after a stream.
  "/betray": (line, events) => {
    send(line, STREAM + CHUNK.repeat(events) + LAST);
    line.end();
  },
  "/cut/chunked/fin": (line) => cut(line, STREAM + CHUNK.repeat(CUT_EVENTS), "fin"),
  "/cut/chunked/rst": (line) => cut(line, STREAM + CHUNK.repeat(CUT_EVENTS), "rst"),
  "/cut/length/fin": (line) => cut(line, withLength() + EVENT.repeat(CUT_EVENTS), "fin"),
  "/cut/length/rst": (line) => cut(line, withLength() + EVENT.repeat(CUT_EVENTS), "rst"),
  "/cut/close/rst": (line) => cut(line, `HTTP/1.1 200 OK\r\n\r\n${EVENT.repeat(CUT_EVENTS)}`, "rst"),
};

function withLength(): string {
  return `${OK}Content-Length: ${CUT_BYTES + 1}\r\n\r\n`;
}

function pace(line: Line, events: number): void {
  send(line, STREAM + CHUNK);
  let sent = 1;
  line.data.timer = setInterval(() => {
    sent++;
    if (sent < events) return send(line, CHUNK);
    clearInterval(line.data.timer);
    send(line, CHUNK + LAST);
  }, PACE_MS);
}

function cut(line: Line, text: string, how: "fin" | "rst"): void {
  send(line, text);
  if (how === "fin") line.end();
  else line.data.timer = setTimeout(() => line.terminate(), RESET_MS);
}

function send(line: Line, text: string): void {
  const peer = line.data;
  const bytes = Buffer.concat([peer.unsent, Buffer.from(text)]);
  if (bytes.length === 0) return;
  peer.unsent = bytes.subarray(Math.max(0, line.write(bytes)));
}
