import { Intake } from "./request.ts";

/** A plain TCP client that hides nothing: what the kernel handed over, read by read, and how it ended. */
export interface Line {
  /** Every read as the kernel gave it. */
  readonly reads: readonly string[];
  /** Resolves when the other side is through: `end` after an orderly close, else the error code (`ECONNRESET`). */
  readonly over: Promise<string>;
  send(bytes: Uint8Array | string): void;
  /** The next line of what arrived, without its ending; undefined when the end came first. */
  line(): Promise<string | undefined>;
  /** The next bytes of what arrived; undefined when the end came first. */
  bytes(size: number): Promise<string | undefined>;
  /** Leaves in order. */
  close(): void;
  /** Leaves with a reset. */
  reset(): void;
}

export async function dial(port: number): Promise<Line> {
  const reads: string[] = [];
  const intake = new Intake();
  const { promise: over, resolve } = Promise.withResolvers<string>();
  const socket = await Bun.connect({
    hostname: "127.0.0.1",
    port,
    socket: {
      data(_, bytes) {
        reads.push(bytes.toString("latin1"));
        intake.push(bytes);
      },
      close(_, error) {
        intake.close();
        resolve(error && "code" in error ? String(error.code) : "end");
      },
      error: () => undefined,
    },
  });
  socket.setNoDelay(true);
  return {
    reads,
    over,
    send(bytes) {
      socket.write(bytes);
      socket.flush();
    },
    line: () => intake.line(),
    bytes: async (size) => (await intake.exactly(size))?.toString("latin1"),
    close: () => void socket.end(),
    reset: () => socket.terminate(),
  };
}

/** A request line by line, as a client without any library would write it. */
export function get(path: string, ...headers: string[]): string {
  return [`GET ${path} HTTP/1.1`, "Host: test", ...headers, "", ""].join("\r\n");
}
