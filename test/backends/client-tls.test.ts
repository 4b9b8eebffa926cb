import { beforeAll, describe, expect, test } from "bun:test";
import { createServer } from "node:net";
import type { TLSSocket } from "node:tls";
import { type HttpTransportOptions, httpTransport } from "../../src/backends/client.ts";
import { type Certificates, makeCertificates, OPENSSL, startTlsUpstream } from "./scene/certificates.ts";
import { hear } from "./scene/hearing.ts";

if (!OPENSSL) process.stderr.write("skipped: TLS to a backend, for want of openssl to make certificates\n");

const ok = (socket: TLSSocket): void => void socket.write("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
const KEY = { headers: { authorization: "Bearer key" } };

describe.skipIf(!OPENSSL)("a backend behind TLS", () => {
  let made: Certificates;
  beforeAll(() => {
    made = makeCertificates();
  }, 30_000);

  /** One request to a server with this certificate. */
  async function ask(
    which: Exclude<keyof Certificates, "ca">,
    tls?: HttpTransportOptions["tls"],
    host = "localhost",
  ) {
    using upstream = await startTlsUpstream(made[which], ok);
    const client = httpTransport({ url: `https://${host}:${upstream.port}`, tls });
    const heard = await hear(client, KEY);
    client.close();
    return { ...heard, received: upstream.received, names: upstream.names };
  }

  const trusting = (ca: string, ...pinSha256: string[]) => ({ ca, pinSha256 });

  describe("is believed", () => {
    test("when an authority that the configuration names has signed for its name", async () => {
      expect(await ask("localhost", trusting(made.ca))).toMatchObject({ text: "ok", names: ["localhost"] });
    });

    test("when its own certificate is the one that the configuration names", async () => {
      expect(await ask("self", trusting(made.self.cert))).toMatchObject({ text: "ok" });
    });

    test("by its address, which is no name to ask for", async () => {
      expect(await ask("address", trusting(made.ca), "127.0.0.1")).toMatchObject({
        text: "ok",
        names: [undefined],
      });
    });

    test("when it shows a pinned key, RSA or elliptic, the only one or one of several", async () => {
      const { localhost, self } = made;
      expect(await ask("localhost", trusting(made.ca, localhost.pin))).toMatchObject({ text: "ok" });
      expect(await ask("localhost", trusting(made.ca, self.pin, localhost.pin))).toMatchObject({
        text: "ok",
      });
      expect(await ask("self", trusting(self.cert, self.pin))).toMatchObject({ text: "ok" });
    });
  });

  describe("is not believed, and not one byte of the request leaves", () => {
    const refused = { status: undefined, failed: "upstream_tls", received: 0 } as const;

    test("when nobody knows who signed its certificate", async () => {
      expect(await ask("localhost")).toMatchObject(refused);
      expect(await ask("self")).toMatchObject(refused);
      expect(await ask("self", trusting(made.ca))).toMatchObject(refused);
    });

    test("when its certificate is for another name or address", async () => {
      expect(await ask("elsewhere", trusting(made.ca))).toMatchObject(refused);
      expect(await ask("localhost", trusting(made.ca), "127.0.0.1")).toMatchObject(refused);
      expect(await ask("address", trusting(made.ca))).toMatchObject(refused);
    });

    test("when its certificate has expired", async () => {
      expect(await ask("expired", trusting(made.expired.cert))).toMatchObject(refused);
    });

    test("when its key is none of the pinned ones", async () => {
      expect(await ask("localhost", trusting(made.ca, made.self.pin))).toMatchObject(refused);
      expect(await ask("self", trusting(made.self.cert, made.localhost.pin))).toMatchObject(refused);
    });

    test("when its key is pinned but its certificate is not trusted: a pin is no trust", async () => {
      expect(await ask("self", { pinSha256: [made.self.pin] })).toMatchObject(refused);
      expect(await ask("elsewhere", trusting(made.ca, made.elsewhere.pin))).toMatchObject(refused);
    });

    test("when the environment tells the runtime not to check", async () => {
      const before = process.env["NODE_TLS_REJECT_UNAUTHORIZED"];
      process.env["NODE_TLS_REJECT_UNAUTHORIZED"] = "0";
      try {
        expect(await ask("self")).toMatchObject(refused);
        expect(await ask("elsewhere", trusting(made.ca))).toMatchObject(refused);
      } finally {
        if (before === undefined) delete process.env["NODE_TLS_REJECT_UNAUTHORIZED"];
        else process.env["NODE_TLS_REJECT_UNAUTHORIZED"] = before;
      }
    });
  });

  test("that does not speak TLS, or hangs up instead, says so", async () => {
    for (const answer of ["HTTP/1.1 400 Bad Request\r\n\r\n", ""]) {
      const server = createServer((socket) =>
        socket.on("error", () => undefined).once("data", () => socket.end(answer)),
      );
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      const address = server.address();
      const url = `https://localhost:${typeof address === "object" ? address?.port : 0}`;
      expect(await hear(httpTransport({ url }), KEY)).toMatchObject({
        status: undefined,
        failed: "upstream_tls",
      });
      server.close();
    }
  });

  test("serves many requests on one connection, pinned or not", async () => {
    for (const pins of [[], [made.localhost.pin]]) {
      using upstream = await startTlsUpstream(made.localhost, ok);
      const client = httpTransport({
        url: `https://localhost:${upstream.port}`,
        tls: trusting(made.ca, ...pins),
      });
      for (let n = 0; n < 20; n++) expect(await hear(client)).toMatchObject({ text: "ok" });
      expect(upstream.names).toHaveLength(1);
      client.close();
    }
  });

  test("takes a large request and gives a large answer, and a cut is a failure after every byte", async () => {
    const body = Buffer.alloc(10_000_000, "b");
    const large = "y".repeat(1_000_000);
    using upstream = await startTlsUpstream(made.localhost, (socket) => {
      if (upstream.received < body.length) return;
      socket.removeAllListeners("data");
      socket.end(`HTTP/1.1 200 OK\r\ncontent-length: ${large.length + 1}\r\n\r\n${large}`);
    });
    const client = httpTransport({ url: `https://localhost:${upstream.port}`, tls: trusting(made.ca) });
    expect(await hear(client, { body: [body] })).toEqual({
      status: 200,
      headers: new Map([["content-length", "1000001"]]),
      text: large,
      failed: "upstream_truncated",
    });
  });
});
