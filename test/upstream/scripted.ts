import type { Socket, TCPSocketListener } from "bun";
import { Connection, type Ending } from "./connection.ts";
import { type ReceivedRequest, type RequestHead, readBody, readHead } from "./request.ts";
import { Wire } from "./wire.ts";

export { type Ending, turn } from "./connection.ts";
export type { ReceivedRequest, RequestHead } from "./request.ts";
export type { Wire } from "./wire.ts";

/**
 * What the upstream does with one request. A script that returns without having completed its answer leaves the
 * connection open and silent: that is a hung server. One that throws resets the connection and fails `stop()`. A promise it
 * returns is awaited, whatever it brings.
 */
export type Script = (request: ReceivedRequest, wire: Wire) => unknown;

/** Misbehaviour before there is a whole request. A connection that either of them closes serves no request. */
export interface Earlier {
  /** As soon as a client has connected, before a byte of it was read. */
  connected?: (wire: Wire, connection: number) => unknown;
  /** When the head of a request is there and before its body is read. */
  headed?: (head: RequestHead, wire: Wire) => unknown;
}

export interface Upstream extends AsyncDisposable {
  /** `http://127.0.0.1:PORT`, without a slash at the end. */
  readonly url: string;
  readonly port: number;
  /** Every request whose body is whole, in order of arrival. */
  readonly requests: readonly ReceivedRequest[];
  readonly connections: { readonly opened: number; readonly open: number; readonly closedByPeer: number };
  /** The next request that nobody has taken with this function yet, waited for when need be. */
  nextRequest(): Promise<ReceivedRequest>;
  /** Resolves when the connection (counted from 0, it need not exist yet) has ended, with how it ended. */
  closed(connection: number): Promise<Ending>;
  /** Resets every connection and frees the port. Rejects with what a script threw, if one did. */
  stop(): Promise<void>;
}

/**
 * An HTTP/1.1 server on a port of its own, in this process, over plain TCP: only a raw socket can misbehave in every way
 * a real one does. Keep-alive is honoured: the next request of a connection is served when the script has returned
 * and its answer is complete, unless the client asked to close.
 */
export function startUpstream(script: Script, earlier: Earlier = {}): Promise<Upstream> {
  const upstream = new ScriptedUpstream(script, earlier);
  upstream.listen();
  return Promise.resolve(upstream);
}

/** One script per request, in order of arrival; the last one serves all that follow. */
export function inTurn(...scripts: [Script, ...Script[]]): Script {
  let served = 0;
  return (request, wire) => (scripts[Math.min(served++, scripts.length - 1)] ?? scripts[0])(request, wire);
}

type Peer = Socket<Connection | undefined>;

class ScriptedUpstream implements Upstream {
  readonly requests: ReceivedRequest[] = [];
  readonly #script: Script;
  readonly #earlier: Earlier;
  readonly #connections: Connection[] = [];
  readonly #ends: PromiseWithResolvers<Ending>[] = [];
  readonly #arrivals: PromiseWithResolvers<ReceivedRequest>[] = [];
  #taken = 0;
  #listener: TCPSocketListener<Connection | undefined> | undefined;
  #fault: { thrown: unknown } | undefined;

  constructor(script: Script, earlier: Earlier) {
    this.#script = script;
    this.#earlier = earlier;
  }

  listen(): void {
    this.#listener = Bun.listen<Connection | undefined>({
      hostname: "127.0.0.1",
      port: 0,
      socket: {
        open: (socket) => this.#opened(socket),
        data: (socket, bytes) => socket.data?.intake.push(bytes),
        drain: (socket) => socket.data?.drain(),
        close: (socket, error) => socket.data?.close(error),
        // The close callback follows and is given the same error.
        error: () => undefined,
      },
    });
  }

  get port(): number {
    return this.#listener?.port ?? 0;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get connections(): { opened: number; open: number; closedByPeer: number } {
    const endings = this.#connections.map(({ ending }) => ending);
    return {
      opened: endings.length,
      open: endings.filter((ending) => ending === undefined).length,
      closedByPeer: endings.filter((ending) => ending !== undefined && ending !== "closed here").length,
    };
  }

  nextRequest(): Promise<ReceivedRequest> {
    return deferred(this.#arrivals, this.#taken++).promise;
  }

  closed(connection: number): Promise<Ending> {
    return deferred(this.#ends, connection).promise;
  }

  async stop(): Promise<void> {
    this.#listener?.stop();
    for (const connection of this.#connections) connection.reset();
    await Promise.all(this.#connections.map(({ ended }) => ended));
    if (this.#fault) throw this.#fault.thrown;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  #opened(socket: Peer): void {
    const connection = new Connection(socket, this.#connections.length);
    socket.data = connection;
    this.#connections.push(connection);
    const { resolve } = deferred(this.#ends, connection.index);
    void connection.ended.then(resolve);
    this.#serve(connection).catch((thrown: unknown) => {
      this.#fault ??= { thrown };
      connection.reset();
    });
  }

  async #serve(connection: Connection): Promise<void> {
    await this.#earlier.connected?.(new Wire(connection), connection.index);
    for (let turn = 0; !connection.closing; turn += 1) {
      const head = await readHead(connection.intake, { connection: connection.index, turn });
      if (head === undefined) return;
      const wire = new Wire(connection);
      await this.#earlier.headed?.(head, wire);
      if (connection.closing) return;
      const request = await readBody(connection.intake, head);
      if (request === undefined) return;
      this.#received(request);
      await this.#script(request, wire);
      await wire.completed;
      if (head.header("connection")?.toLowerCase() === "close") await connection.fin();
    }
  }

  #received(request: ReceivedRequest): void {
    this.requests.push(request);
    deferred(this.#arrivals, this.requests.length - 1).resolve(request);
  }
}

/** The promise for the item at a place of a list, made by whoever asks first: the one who waits or the one who fulfils. */
function deferred<T>(list: PromiseWithResolvers<T>[], at: number): PromiseWithResolvers<T> {
  return (list[at] ??= Promise.withResolvers<T>());
}
