import { describe, expect, test } from "bun:test";
import { cleanMime, mediaFromUrl, sniffMime, standardBase64 } from "../../src/api/media.ts";

const PNG = Buffer.from("\x89PNG\r\n\x1a\n\0\0\0\rIHDR~?>", "latin1");
const PNG_BASE64 = PNG.toString("base64");
const JPEG_BASE64 = Buffer.from("\xff\xd8\xff\xe0\0\x10JFIF", "latin1").toString("base64");

function base64Of(text: string): string {
  return Buffer.from(text).toString("base64");
}

describe("a data URL becomes base64 and a type", () => {
  const png = { source: { base64: PNG_BASE64 }, mime: "image/png" };
  const wrapped = PNG_BASE64.replace(/.{10}/g, "$&\r\n");
  const cases: [string, string][] = [
    ["as it should be", `data:image/png;base64,${PNG_BASE64}`],
    ["without a type", `data:;base64,${PNG_BASE64}`],
    ["with the word base64 alone", `data:base64,${PNG_BASE64}`],
    ["with a type that says nothing", `data:application/octet-stream;base64,${PNG_BASE64}`],
    ["with parameters", `data:image/png;charset=utf-8;name="a b.png";base64,${PNG_BASE64}`],
    ["in capitals", `DATA:IMAGE/PNG;BASE64,${PNG_BASE64}`],
    ["broken into lines", `data:image/png;base64,${wrapped}`],
    ["in the URL-safe alphabet", `data:image/png;base64,${PNG.toString("base64url")}`],
    ["percent-encoded", `data:image/png;base64,${encodeURIComponent(PNG_BASE64)}`],
    ["with the type of another picture", `data:image/jpg;base64,${PNG_BASE64}`],
    ["with spaces around", ` data:image/png; base64, ${PNG_BASE64} `],
    ["without data: at all", PNG_BASE64],
  ];
  test.each(cases)("%s", (_, url) => {
    expect(mediaFromUrl(url)).toEqual(png);
  });

  test("image/jpg is image/jpeg", () => {
    expect(mediaFromUrl(`data:image/jpg;base64,${JPEG_BASE64}`).mime).toBe("image/jpeg");
    expect(cleanMime(" IMAGE/JPG")).toBe("image/jpeg");
  });

  test("of a type whose bytes are not known keeps its type", () => {
    const data = base64Of("a,b\n1,2\n");
    expect(mediaFromUrl(`data:text/csv;base64,${data}`)).toEqual({
      source: { base64: data },
      mime: "text/csv",
    });
  });

  test("that is not base64 is percent-decoded", () => {
    expect(mediaFromUrl("data:,caf%C3%A9%20100%")).toEqual({
      source: { base64: base64Of("café 100%") },
      mime: "text/plain",
    });
    expect(mediaFromUrl("data:image/svg+xml;utf8,<svg a='ü'/>")).toEqual({
      source: { base64: base64Of("<svg a='ü'/>") },
      mime: "image/svg+xml",
    });
  });
});

test.each(["https://host/cat.png", "http://host/a,b", "gs://bucket/cat", "cat.png", ""])(
  "the address %p stays one",
  (url) => {
    expect(mediaFromUrl(url)).toEqual({ source: { url }, mime: "" });
  },
);

test("base64 in any dress gets its padding, and clean base64 stays the same text", () => {
  for (let length = 0; length < 7; length++) {
    const bytes = Buffer.alloc(length, 0xfb);
    const base64 = bytes.toString("base64");
    expect(standardBase64(base64)).toBe(base64);
    expect(standardBase64(bytes.toString("base64url"))).toBe(base64);
    expect(standardBase64(`\n${base64.replaceAll("=", "")} `)).toBe(base64);
  }
});

test("a large picture is read in no time", () => {
  const base64 = Buffer.concat([PNG, Buffer.alloc(8_000_000, 7)]).toString("base64");
  expect(mediaFromUrl(`data:image/png;base64,${base64}`).source).toEqual({ base64 });
});

test("types are told from the first bytes", () => {
  const of = (bytes: string) => sniffMime(Buffer.from(bytes, "latin1").toString("base64"));
  expect(of("GIF89a....")).toBe("image/gif");
  expect(of("RIFF\x10\0\0\0WEBPVP8 ")).toBe("image/webp");
  expect(of("RIFF\x10\0\0\0WAVEfmt ")).toBe("audio/wav");
  expect(of("ID3\x03....")).toBe("audio/mpeg");
  expect(of("\0\0\0\x18ftypmp42....")).toBe("video/mp4");
  expect(of("\0\0\0\x18ftypavif....")).toBe("image/avif");
  expect(of("%PDF-1.7\n")).toBe("application/pdf");
  expect(of("hello world")).toBe("");
  expect(sniffMime("")).toBe("");
});
