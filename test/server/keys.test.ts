import { describe, expect, test } from "bun:test";
import { clientKeys } from "../../src/server/keys.ts";

const FIRST = "first-key-0123456789";
const SECOND = "second-key-0123456789";

const check = clientKeys([FIRST, SECOND]);
const code = (headers: Record<string, string>) => check(new Headers(headers))?.code;

describe("a server without keys", () => {
  const open = clientKeys([]);
  test("lets everybody in, whatever key they send", () => {
    expect(open(new Headers())).toBeUndefined();
    expect(open(new Headers({ authorization: "Bearer dummy" }))).toBeUndefined();
    expect(open(new Headers({ authorization: "Bearer dummy", "x-api-key": "other" }))).toBeUndefined();
  });
});

describe("a server with keys", () => {
  test.each([
    { authorization: `Bearer ${FIRST}` },
    { authorization: `Bearer ${SECOND}` },
    { authorization: `bearer ${FIRST}` },
    { authorization: `BEARER   ${FIRST}` },
    { "x-api-key": FIRST },
    { "api-key": SECOND },
  ])("accepts a good key in any of its headers: %j", (headers) => {
    expect(code(headers)).toBeUndefined();
  });

  test.each([
    {},
    { authorization: "Bearer" },
    { authorization: "Bearer wrong" },
    { authorization: FIRST },
    { authorization: `Basic ${FIRST}` },
    { authorization: `Bearer ${FIRST}x` },
    { authorization: `Bearer ${FIRST.slice(0, -1)}` },
    { authorization: `Bearer ${FIRST.toUpperCase()}` },
    { "x-api-key": "" },
    { "x-api-key": `Bearer ${FIRST}` },
    { cookie: `key=${FIRST}` },
  ])("refuses a request without a good one: %j", (headers: Record<string, string>) => {
    expect(code(headers)).toBe("unauthorized");
  });

  test("says how to send the key, and never repeats the one that was sent", () => {
    const missing = check(new Headers());
    const wrong = check(new Headers({ authorization: "Bearer canary-4711" }));
    expect(missing?.message).toContain("Authorization: Bearer KEY");
    expect(wrong?.message).toContain("x-api-key: KEY");
    expect(JSON.stringify(wrong) + wrong?.message + wrong?.stack).not.toContain("canary-4711");
  });

  test.each([
    { authorization: `Bearer ${FIRST}`, "x-api-key": SECOND },
    { authorization: `Bearer ${FIRST}`, "x-api-key": "wrong" },
    { "api-key": "wrong", "x-api-key": FIRST },
    { authorization: `Basic abc`, "x-api-key": FIRST },
    { authorization: `Bearer ${FIRST}, Bearer ${SECOND}` },
    { "x-api-key": `${FIRST}, wrong` },
  ])("refuses two different credentials, even if one of them is good: %j", (headers) => {
    expect(code(headers as unknown as Record<string, string>)).toBe("invalid_request");
  });

  test.each([
    { authorization: `Bearer ${FIRST}`, "x-api-key": FIRST, "api-key": FIRST },
    { authorization: `Bearer ${FIRST}, Bearer ${FIRST}` },
    { authorization: "Bearer", "x-api-key": FIRST },
  ])("takes the same key said twice, or once beside an empty header, as one: %j", (headers) => {
    expect(code(headers as unknown as Record<string, string>)).toBeUndefined();
  });

  test("reads repeated headers as the runtime really joins them", async () => {
    await using server = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch: (request) => new Response(check(request.headers)?.code ?? "in"),
    });
    const ask = (lines: string[]) => rawGet(server.port ?? 0, lines);
    const bearer = `Authorization: Bearer ${FIRST}`;
    expect(await ask([bearer])).toEndWith("in");
    expect(await ask([bearer, `Authorization: Bearer ${SECOND}`])).toEndWith("invalid_request");
    expect(await ask([`x-api-key: ${FIRST}`, "x-api-key: wrong"])).toEndWith("invalid_request");
  });
});

/** The whole answer to a request that no HTTP client would send. */
async function rawGet(port: number, lines: readonly string[]): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let answer = "";
  await Bun.connect({
    hostname: "127.0.0.1",
    port,
    socket: {
      open: (socket) =>
        void socket.write(
          `${["GET / HTTP/1.1", "Host: x", "Connection: close", ...lines].join("\r\n")}\r\n\r\n`,
        ),
      data: (_, bytes) => void (answer += bytes.toString()),
      close: () => resolve(answer),
      error: (_, error) => reject(error),
    },
  });
  return promise;
}
