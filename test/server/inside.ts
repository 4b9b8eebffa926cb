import { ADAPTERS } from "../../src/adapters/index.ts";
import { echoTransport } from "../../src/backends/echo/transport.ts";
import type { UpstreamRequest, UpstreamResponse } from "../../src/backends/transport.ts";
import type { Failure } from "../../src/core/failure.ts";
import { createApp } from "../../src/server/app.ts";
import { Underway } from "../../src/server/underway.ts";
import { assemble, type Parts } from "./running.ts";

/** What a backend sends, without a network. */
export interface Sends {
  /** 200 unless this says otherwise. */
  status?: number;
  type: string;
  headers?: Readonly<Record<string, string>>;
  /** In one read. */
  bytes: Uint8Array | string;
  /** Of the connection, after the last byte. */
  fault?: Failure;
}

/** A whole server without a socket on either side. */
export interface Inside {
  post(path: string, body: unknown, headers?: Readonly<Record<string, string>>): Promise<Response>;
}

/** An event stream. */
export const streams = (bytes: string, type = "text/event-stream"): Sends => ({ type, bytes });

/** A JSON document. */
export const says = (value: unknown, more: Partial<Sends> = {}): Sends => ({
  type: "application/json",
  bytes: JSON.stringify(value),
  ...more,
});

/** Every request to a backend is answered with what `backend` says of it. */
export function serveInside(parts: Parts, backend: (request: UpstreamRequest) => Sends): Inside {
  const transport = {
    send: (request: UpstreamRequest) => Promise.resolve(responseOf(backend(request))),
    close: () => {},
  };
  const means = { adapters: ADAPTERS, http: () => transport, echo: echoTransport };
  const { monitor: _, ...whole } = assemble({ ...parts, means }, () => {});
  const app = createApp({ ...whole, underway: new Underway(), accepting: () => true });
  return {
    async post(path, body, headers = {}) {
      const text = JSON.stringify(body);
      const length = String(Buffer.byteLength(text));
      return app.handle(
        new Request(`http://127.0.0.1${path}`, {
          method: "POST",
          headers: {
            host: "127.0.0.1",
            "content-type": "application/json",
            "content-length": length,
            ...headers,
          },
          body: text,
        }),
      );
    },
  };
}

function responseOf({ status = 200, type, headers = {}, bytes, fault }: Sends): UpstreamResponse {
  return {
    status,
    headers: new Map(Object.entries({ "content-type": type, ...headers })),
    body: (async function* () {
      await Promise.resolve();
      if (bytes.length > 0) yield typeof bytes === "string" ? new TextEncoder().encode(bytes) : bytes;
      if (fault) throw fault;
    })(),
  };
}
