import { describe, expect, test } from "bun:test";
import { isLocal, loopbackPort, placeOf, readAddress, readOllamaHost } from "../../src/backends/address.ts";

describe("an address means the same place however it is written", () => {
  test.each([
    ["http://127.0.0.1:8080", "http://127.0.0.1:8080"],
    ["http://127.0.0.1:8080/", "http://127.0.0.1:8080"],
    ["http://127.0.0.1:8080/v1", "http://127.0.0.1:8080"],
    ["http://127.0.0.1:8080/v1/", "http://127.0.0.1:8080"],
    ["127.0.0.1:8080", "http://127.0.0.1:8080"],
    ["localhost:8080/v1", "http://localhost:8080"],
    ["HTTPS://Example.ORG/openai/v1", "https://example.org/openai"],
    ["https://example.org/v1beta/", "https://example.org"],
    ["https://example.org/v1/models-proxy", "https://example.org/v1/models-proxy"],
    ["http://0.0.0.0:8080", "http://127.0.0.1:8080"],
    ["http://[::]:8080", "http://[::1]:8080"],
    ["https://example.org/v1?key=secret#top", "https://example.org"],
  ])("%s", (written, url) => {
    expect(readAddress(written)).toEqual({ url, authorization: undefined });
  });

  test.each(["", "   ", "http://", "ftp://example.org", "file:///etc/passwd", "http://a b"])(
    "and %j is none",
    (written) => {
      expect(readAddress(written)).toBeUndefined();
    },
  );

  test("credentials in it become a header and leave the address", () => {
    expect(readAddress("https://me:p%40ss@example.org/v1")).toEqual({
      url: "https://example.org",
      authorization: `Basic ${btoa("me:p@ss")}`,
    });
    expect(readAddress("https://100%:x@example.org")?.authorization).toBe(`Basic ${btoa("100%:x")}`);
  });
});

describe("OLLAMA_HOST is read as Ollama reads it", () => {
  test.each([
    ["127.0.0.1", "http://127.0.0.1:11434"],
    ["0.0.0.0", "http://127.0.0.1:11434"],
    ["0.0.0.0:11435", "http://127.0.0.1:11435"],
    [":11435", "http://127.0.0.1:11435"],
    ["11435", "http://127.0.0.1:11435"],
    ["gpu", "http://gpu:11434"],
    ["gpu.lan:9000", "http://gpu.lan:9000"],
    ["http://gpu", "http://gpu"],
    ["http://gpu:9000/", "http://gpu:9000"],
    ["https://ollama.example.org", "https://ollama.example.org"],
    ["::1", "http://[::1]:11434"],
    ["[::1]", "http://[::1]:11434"],
    ["[::]:9000", "http://[::1]:9000"],
    ["gpu:9000/proxy", "http://gpu:9000/proxy"],
    ["gpu/proxy", "http://gpu:11434/proxy"],
    ['"gpu:9000"', "http://gpu:9000"],
  ])("%s", (written, url) => {
    expect(readOllamaHost(written)?.url).toBe(url);
  });

  test("and nonsense is nothing", () => {
    expect(readOllamaHost("http://")).toBeUndefined();
    expect(readOllamaHost("a b")).toBeUndefined();
    expect(readOllamaHost("gpu:99999")).toBeUndefined();
  });
});

test("the loopback names are one host, other hosts are not", () => {
  const one = [
    "http://127.0.0.1:8080",
    "http://localhost:8080/",
    "http://[::1]:8080",
    "http://127.0.0.2:8080",
  ];
  expect(new Set(one.map(placeOf)).size).toBe(1);
  expect(placeOf("http://gpu")).toBe(placeOf("http://gpu:80/"));
  expect(placeOf("https://gpu")).not.toBe(placeOf("http://gpu"));
  expect(placeOf("http://gpu/a")).not.toBe(placeOf("http://gpu/b"));
});

test("a port of this machine is told from a port of another", () => {
  expect(loopbackPort("http://localhost:8080/x")).toBe(8080);
  expect(loopbackPort("https://localhost")).toBe(443);
  expect(loopbackPort("http://192.168.1.2:8080")).toBeUndefined();
});

test("near is what costs nothing to ask", () => {
  const near = [
    "localhost",
    "127.0.0.1",
    "[::1]",
    "192.168.1.2",
    "10.0.0.1",
    "172.20.0.1",
    "gpu",
    "gpu.local",
    "[fd00::1]",
  ];
  const far = ["api.openai.com", "8.8.8.8", "172.32.0.1", "example.local.org", "[2001:db8::1]"];
  expect(near.filter((host) => !isLocal(`http://${host}:1`))).toEqual([]);
  expect(far.filter((host) => isLocal(`http://${host}:1`))).toEqual([]);
});
