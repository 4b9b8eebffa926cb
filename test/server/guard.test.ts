import { describe, expect, test } from "bun:test";
import { hostAndOriginGuard } from "../../src/server/guard.ts";
import type { GuardFacts } from "../../src/server/guard.ts";

const LOCAL: GuardFacts = { host: "127.0.0.1", allowedHosts: [], corsOrigins: [], machineName: "studio" };

function refusal(facts: Partial<GuardFacts>, headers: Record<string, string>) {
  return hostAndOriginGuard({ ...LOCAL, ...facts })(new Headers(headers))?.code;
}

const SAME = "misdirected_host";

/** What is bound, which Host header comes, whether it is let in. */
const HOSTS: [bound: string, allowed: string[], host: string, good: boolean][] = [
  // loopback names, in every spelling
  ["127.0.0.1", [], "127.0.0.1:7171", true],
  ["127.0.0.1", [], "127.0.0.1", true],
  ["127.0.0.1", [], "127.0.0.1:1", true],
  ["127.0.0.1", [], "127.0.0.1:65535", true],
  ["127.0.0.1", [], "127.0.0.1:", true],
  ["127.0.0.1", [], "127.9.8.7:7171", true],
  ["127.0.0.1", [], "127.0.0.1.:7171", true],
  ["127.0.0.1", [], "localhost", true],
  ["127.0.0.1", [], "localhost:7171", true],
  ["127.0.0.1", [], "LOCALHOST:7171", true],
  ["127.0.0.1", [], "LocalHost.", true],
  ["127.0.0.1", [], "localhost.:7171", true],
  ["127.0.0.1", [], "fairlead.localhost:7171", true],
  ["127.0.0.1", [], "a.b.localhost", true],
  ["127.0.0.1", [], "[::1]", true],
  ["127.0.0.1", [], "[::1]:7171", true],
  ["127.0.0.1", [], "[0:0:0:0:0:0:0:1]:7171", true],
  ["127.0.0.1", [], "[0000::0001]", true],
  ["127.0.0.1", [], "[::ffff:127.0.0.1]:7171", true],
  ["127.0.0.1", [], "[::FFFF:7F00:1]", true],
  // names that belong to somebody else, or look like ours
  ["127.0.0.1", [], "evil.example", false],
  ["127.0.0.1", [], "evil.example:7171", false],
  ["127.0.0.1", [], "localhost.evil.example", false],
  ["127.0.0.1", [], "127.0.0.1.evil.example", false],
  ["127.0.0.1", [], "127.0.0.1.nip.io:7171", false],
  ["127.0.0.1", [], "notlocalhost", false],
  ["127.0.0.1", [], "evil-localhost", false],
  ["127.0.0.1", [], "studio", false],
  ["127.0.0.1", [], "printer.local", false],
  // addresses that are not this server's
  ["127.0.0.1", [], "192.168.1.5:7171", false],
  ["127.0.0.1", [], "0.0.0.0:7171", false],
  ["127.0.0.1", [], "[::]:7171", false],
  ["127.0.0.1", [], "[::2]", false],
  ["127.0.0.1", [], "[::ffff:192.168.1.5]", false],
  ["127.0.0.1", [], "169.254.169.254", false],
  // spellings of addresses that only some parsers take
  ["127.0.0.1", [], "127.1", false],
  ["127.0.0.1", [], "0x7f.0.0.1", false],
  ["127.0.0.1", [], "2130706433", false],
  ["127.0.0.1", [], "0177.0.0.1", false],
  ["127.0.0.1", [], "127.0.0.1.1", false],
  ["127.0.0.1", [], "127.0.0.256", false],
  // malformed
  ["127.0.0.1", [], "", false],
  ["127.0.0.1", [], ".", false],
  ["127.0.0.1", [], "..localhost", false],
  ["127.0.0.1", [], ".localhost", false],
  ["127.0.0.1", [], "a..localhost", false],
  ["127.0.0.1", [], "localhost..", false],
  ["127.0.0.1", [], ":7171", false],
  ["127.0.0.1", [], "localhost:65536", false],
  ["127.0.0.1", [], "localhost:-1", false],
  ["127.0.0.1", [], "localhost:7171:7171", false],
  ["127.0.0.1", [], "localhost:http", false],
  ["127.0.0.1", [], "localhost, localhost", false],
  ["127.0.0.1", [], "localhost, evil.example", false],
  ["127.0.0.1", [], "evil@localhost", false],
  ["127.0.0.1", [], "localhost/evil", false],
  ["127.0.0.1", [], "localhost?x", false],
  ["127.0.0.1", [], "localhost\\evil", false],
  ["127.0.0.1", [], "local host", false],
  ["127.0.0.1", [], "localhost%00", false],
  ["127.0.0.1", [], "[::1", false],
  ["127.0.0.1", [], "::1", false],
  ["127.0.0.1", [], "[::1]x", false],
  ["127.0.0.1", [], "[127.0.0.1]", false],
  ["127.0.0.1", [], "[fe80::1%eth0]", false],
  ["127.0.0.1", [], "[::1::]", false],
  // configured names, whatever the port and the spelling
  ["127.0.0.1", ["ai.lan"], "ai.lan", true],
  ["127.0.0.1", ["ai.lan"], "AI.LAN.:8443", true],
  ["127.0.0.1", ["AI.lan.:443"], "ai.lan:1", true],
  ["127.0.0.1", ["ai.lan"], "x.ai.lan", false],
  ["127.0.0.1", ["ai.lan"], "ai.lan.evil.example", false],
  ["127.0.0.1", ["2001:DB8::1"], "[2001:db8:0::1]:80", true],
  // a server on one address of the network
  ["192.168.1.5", [], "192.168.1.5:7171", true],
  ["192.168.1.5", [], "localhost:7171", true],
  ["192.168.1.5", [], "192.168.1.6:7171", false],
  ["192.168.1.5", [], "studio", false],
  ["gpu.lan", [], "gpu.lan:7171", true],
  ["2001:db8::1", [], "[2001:DB8:0:0::1]:7171", true],
  ["2001:db8::1", [], "[2001:db8::2]:7171", false],
  // a server on all addresses (which has keys): any address, and its own name
  ["0.0.0.0", [], "192.168.1.5:7171", true],
  ["0.0.0.0", [], "[2001:db8::1]:7171", true],
  ["0.0.0.0", [], "0.0.0.0:7171", true],
  ["::", [], "10.0.0.1", true],
  ["[::]", [], "10.0.0.1", true],
  ["0.0.0.0", [], "studio:7171", true],
  ["0.0.0.0", [], "Studio.:7171", true],
  ["0.0.0.0", [], "evil.example", false],
  ["0.0.0.0", [], "studio.evil.example", false],
  ["0.0.0.0", [], "127.1", false],
  ["0.0.0.0", ["ai.lan"], "ai.lan", true],
];

describe("the Host header", () => {
  test.each(HOSTS)("bound to %s, named %j: %j is let in: %p", (host, allowedHosts, named, good) => {
    expect(refusal({ host, allowedHosts }, { host: named })).toBe(good ? undefined : SAME);
  });

  test("a request without any is misdirected", () => {
    expect(refusal({}, {})).toBe(SAME);
  });

  test("a good one does not open the door for the next", () => {
    const guard = hostAndOriginGuard(LOCAL);
    const code = (host: string) => guard(new Headers({ host }))?.code;
    const asked = ["localhost", "evil.example", "evil.example", "localhost", ""].map(code);
    expect(asked).toEqual([undefined, SAME, SAME, undefined, SAME]);
  });

  test("the refusal names the host and the setting, fit for a terminal", () => {
    const guard = hostAndOriginGuard(LOCAL);
    expect(guard(new Headers({ host: "ai.lan" }))?.message).toBe(
      'This server does not answer for the host "ai.lan". If that name is meant to reach it, add the name to allowed_hosts under [server].',
    );
    const long = guard(new Headers({ host: `${"x".repeat(5000)}\u009b31m` }))?.message ?? "";
    expect(long.length).toBeLessThan(300);
    expect(long).not.toContain("\u009b");
  });

  test("a hostile one of 15 KB is refused in no time", () => {
    const guard = hostAndOriginGuard(LOCAL);
    const headers = [
      "a".repeat(15_000),
      "a.".repeat(7500),
      "[".repeat(15_000),
      `[${":".repeat(15_000)}]`,
    ].map((host) => new Headers({ host }));
    const start = performance.now();
    for (const one of headers) expect(guard(one)?.code).toBe(SAME);
    expect(performance.now() - start).toBeLessThan(50);
  });
});

const host = "127.0.0.1:7171";

describe("the Origin header", () => {
  test.each([
    "https://evil.example",
    "http://localhost:3000",
    "http://127.0.0.1:3000",
    "http://127.0.0.1",
    "null",
    "file://",
    "",
    "http://evil.example:7171",
    "http://127.0.0.1:7171, http://evil.example",
    "chrome-extension://abc",
    "ftp://127.0.0.1:7171",
    "http://127.0.0.1:7171/",
  ])("a page of %j may not call a server that names no origins", (origin) => {
    expect(refusal({}, { host, origin })).toBe("forbidden_origin");
  });

  test.each([
    ["http://127.0.0.1:7171", host],
    ["http://localhost:7171", "LOCALHOST.:7171"],
    ["http://[::1]:7171", "[0::1]:7171"],
    ["http://localhost", "localhost"],
    ["http://localhost", "localhost:80"],
    ["https://localhost", "localhost:443"],
  ])("a page that this server itself served (%s for %s) may call it", (origin, own) => {
    expect(refusal({}, { host: own, origin })).toBeUndefined();
  });

  test("same name and another port is another origin", () => {
    expect(refusal({}, { host: "localhost:443", origin: "http://localhost" })).toBe("forbidden_origin");
    expect(refusal({}, { host: "localhost:7171", origin: "http://127.0.0.1:7171" })).toBe("forbidden_origin");
  });

  test("a rebound name is refused for its Host, although Origin and Host agree", () => {
    expect(refusal({}, { host: "evil.example:7171", origin: "http://evil.example:7171" })).toBe(SAME);
  });

  const corsOrigins = [
    "https://App.example:443/",
    "http://localhost:3000",
    "app://obsidian.md",
    "null",
    "file://",
  ];
  test.each([
    ["https://app.example", undefined],
    ["http://localhost:3000", undefined],
    ["app://obsidian.md", undefined],
    ["http://app.example", "forbidden_origin"],
    ["https://app.example:8443", "forbidden_origin"],
    ["https://app.example.evil.example", "forbidden_origin"],
    ["http://localhost:3001", "forbidden_origin"],
    ["null", "forbidden_origin"],
    ["file://", "forbidden_origin"],
  ] as const)("only exactly the configured ones may call: %s", (origin, code) => {
    expect(refusal({ corsOrigins }, { host, origin })).toBe(code);
  });

  test("`*` lets every page in, but no rebound name", () => {
    expect(refusal({ corsOrigins: ["*"] }, { host, origin: "https://evil.example" })).toBeUndefined();
    expect(refusal({ corsOrigins: ["*"] }, { host, origin: "null" })).toBeUndefined();
    expect(refusal({ corsOrigins: ["*"] }, { host: "evil.example", origin: "https://a.example" })).toBe(SAME);
  });

  test("the refusal names the origin and the setting", () => {
    const failure = hostAndOriginGuard(LOCAL)(new Headers({ host, origin: "http://localhost:3000" }));
    expect(failure?.message).toContain('"http://localhost:3000"');
    expect(failure?.message).toContain("cors_origins");
  });
});

test("the usual request passes in well under a microsecond", () => {
  const guard = hostAndOriginGuard(LOCAL);
  const headers = new Headers({ host, "content-type": "application/json" });
  const rounds = 200_000;
  let refused = 0;
  const start = performance.now();
  for (let i = 0; i < rounds; i++) if (guard(headers) !== undefined) refused++;
  const microseconds = ((performance.now() - start) * 1000) / rounds;
  expect(refused).toBe(0);
  expect(microseconds).toBeLessThan(1);
});
