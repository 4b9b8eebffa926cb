import { dlopen, ptr } from "bun:ffi";
import { connect } from "node:net";

/** An address on this machine where nothing listens: a connection is refused at once. */
export function refusedUrl(): string {
  const listener = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data: () => undefined } });
  const { port } = listener;
  listener.stop(true);
  return `http://127.0.0.1:${port}`;
}

export interface BlackHole extends Disposable {
  readonly url: string;
}

/** A black hole takes libc's own calls by the numbers that Linux gives them. */
export const BLACK_HOLES = process.platform === "linux" && libc() !== undefined;

/**
 * An address that swallows connection attempts: neither accepted nor refused, as behind a firewall that drops. A
 * listening socket whose queue is full does that, and only libc can ask for a queue of one: the runtime's own listeners
 * have a longer one and empty it at once. Only where `BLACK_HOLES` is true.
 */
export async function blackHole(): Promise<BlackHole> {
  const calls = libc();
  if (!calls) throw new Error("no black hole without Linux and glibc");
  const { socket, bind, listen, getsockname, close } = calls;
  // struct sockaddr_in: family (AF_INET), port 0, 127.0.0.1.
  const address = new Uint8Array([2, 0, 0, 0, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
  const length = new Uint32Array([address.length]);
  const listener = socket(2, 1, 0);
  if (bind(listener, ptr(address), address.length) !== 0 || listen(listener, 0) !== 0)
    throw new Error("bind");
  getsockname(listener, ptr(address), ptr(length));
  const port = new DataView(address.buffer).getUint16(2);
  const filler = connect(port, "127.0.0.1");
  await new Promise((resolve, reject) => filler.once("connect", resolve).once("error", reject));
  filler.removeAllListeners("error").on("error", () => undefined);
  return {
    url: `http://127.0.0.1:${port}`,
    [Symbol.dispose]() {
      filler.destroy();
      close(listener);
    },
  };
}

function libc() {
  try {
    return dlopen("libc.so.6", {
      socket: { args: ["int", "int", "int"], returns: "int" },
      bind: { args: ["int", "ptr", "int"], returns: "int" },
      listen: { args: ["int", "int"], returns: "int" },
      getsockname: { args: ["int", "ptr", "ptr"], returns: "int" },
      close: { args: ["int"], returns: "int" },
    }).symbols;
  } catch {
    return undefined;
  }
}
