import { describe, expect, test } from "bun:test";
import { refuses } from "./mistakes.ts";
import { accept, problem, problems } from "./scratch.ts";

const endpoint = (path: string, more = 'body = ""', method = "GET") =>
  `[[endpoints]]\nmethod = "${method}"\npath = "${path}"\n${more}\n`;

describe("an endpoint", () => {
  test("answers a JSON value", () => {
    const toml = endpoint(
      "/api/version",
      'response = { version = "1.0", list = [1, 2.5, true] }\ndescription = "d"',
    );
    expect(accept(toml).endpoints).toEqual([
      {
        method: "GET",
        path: "/api/version",
        status: 200,
        headers: {},
        contentType: "application/json",
        body: '{"version":"1.0","list":[1,2.5,true]}',
        description: "d",
      },
    ]);
  });

  test("answers a text as it is", () => {
    const [found] = accept(
      endpoint("/a", 'body = "hé\\n"\nstatus = 503\nheaders = { Retry-After = "3" }'),
    ).endpoints;
    expect(found).toMatchObject({
      body: "hé\n",
      contentType: "text/plain; charset=utf-8",
      status: 503,
      headers: { "Retry-After": "3" },
    });
  });

  test("may name its content type, also for JSON", () => {
    expect(accept(endpoint("/a", 'body = "<p>"\ncontent_type = "text/html"')).endpoints[0]?.contentType).toBe(
      "text/html",
    );
    expect(
      accept(endpoint("/a", 'response = 1\ncontent_type = "application/problem+json"')).endpoints[0]
        ?.contentType,
    ).toBe("application/problem+json");
  });

  test.each([
    ["false", "false"],
    ["0", "0"],
    ['""', '""'],
    ["[]", "[]"],
  ])("may answer %s: a value is a value", (toml, json) => {
    expect(accept(endpoint("/a", `response = ${toml}`)).endpoints[0]?.body).toBe(json);
  });

  test("may answer nothing", () => {
    expect(accept(endpoint("/a", 'status = 204\nbody = ""')).endpoints[0]).toMatchObject({
      status: 204,
      body: "",
    });
  });

  test.each(["GET", "POST", "PUT", "PATCH", "DELETE"])("may have the method %s", (method) => {
    expect(accept(endpoint("/a", 'body = ""', method)).endpoints[0]?.method).toBe(method as "GET");
  });
});

describe("an endpoint is refused", () => {
  refuses([
    [
      endpoint("/a", 'body = ""', "FETCH"),
      2,
      "endpoints[0].method",
      'unknown method "FETCH"',
      "one of: GET, POST, PUT, PATCH, DELETE",
    ],
    [
      endpoint("/a", 'body = ""', "get"),
      2,
      "endpoints[0].method",
      'unknown method "get"',
      'did you mean "GET"?',
    ],
    [endpoint("a"), 3, "endpoints[0].path", 'a path starts with "/"', 'write "/a"'],
    [endpoint(""), 3, "endpoints[0].path", 'a path starts with "/"'],
    [endpoint("/a b"), 3, "endpoints[0].path", "may not hold spaces"],
    [endpoint("/a%20b"), 3, "endpoints[0].path", "may not hold spaces"],
    [endpoint("/ä"), 3, "endpoints[0].path", "letters beyond ASCII"],
    [endpoint("/a//b"), 3, "endpoints[0].path", 'may not hold "//"'],
    [endpoint("/a?x=1"), 3, "endpoints[0].path", "may not hold a query"],
    [endpoint("/a#x"), 3, "endpoints[0].path", "fragment"],
    [endpoint("/a/*"), 3, "endpoints[0].path", 'may not hold "*"', "a :name stands for one segment"],
    [endpoint("/a/../b"), 3, "endpoints[0].path", '"." or ".." segments'],
    [endpoint("/a/b:c"), 3, "endpoints[0].path", "a parameter is a whole segment", "for example /things/:id"],
    [endpoint("/a/:"), 3, "endpoints[0].path", "a parameter is a whole segment", "for example /things/:id"],
    [endpoint("/:a/:a"), 3, "endpoints[0].path", 'the parameter ":a" stands here twice'],
    [
      endpoint("/a", 'body = ""\nstatus = 99'),
      5,
      "endpoints[0].status",
      "expected a whole number from 100 to 599, found 99",
    ],
    [endpoint("/a", 'body = ""\nstatus = 600'), 5, "endpoints[0].status", "found 600"],
    [
      endpoint("/a", 'body = ""\nstatus = 101'),
      5,
      "endpoints[0].status",
      "a server cannot send 101 as its answer",
      "200 to 599",
    ],
    [
      endpoint("/a", 'body = "x"\nstatus = 204'),
      5,
      "endpoints[0].status",
      "an answer of status 204 has no content",
      'write body = ""',
    ],
    [
      endpoint("/a", "response = 1\nstatus = 304"),
      5,
      "endpoints[0].status",
      "has no content",
      'write body = ""',
    ],
    [
      endpoint("/a", ""),
      1,
      "endpoints[0]",
      "has no answer",
      'write response = { ... } (JSON) or body = "..." (text)',
    ],
    [
      endpoint("/a", 'body = ""\nresponse = 1'),
      1,
      "endpoints[0]",
      "both response and body",
      "keep one: response is JSON, body is text",
    ],
    [endpoint("/a", "response = { a = [inf] }"), 4, "endpoints[0].response.a[0]", "JSON has no inf"],
    [
      endpoint("/a", "body = 3"),
      4,
      "endpoints[0].body",
      "expected a string, found a number",
      "put it in quotes",
    ],
    [
      endpoint("/a", 'body = ""\nheaders = { "X Y" = "1" }'),
      5,
      'endpoints[0].headers."X Y"',
      "not a header's name",
      "a header's name is letters, digits and -",
    ],
    [
      endpoint("/a", 'body = ""\nheaders = { X = "a\\r\\nSet-Cookie: b" }'),
      5,
      "endpoints[0].headers.X",
      "on one line",
    ],
    [
      endpoint("/a", 'body = ""\nheaders = { X = { env = "HOME" } }'),
      5,
      "endpoints[0].headers.X",
      "expected a string, found a table",
    ],
    [
      endpoint("/a", 'body = ""\nheaders = { Content-Type = "a/b" }'),
      5,
      "endpoints[0].headers.Content-Type",
      "cannot be set here",
      "use the key content_type",
    ],
    [
      endpoint("/a", 'body = ""\nheaders = { content-length = "1" }'),
      5,
      "endpoints[0].headers.content-length",
      "cannot be set here",
      "the server sets this header itself",
    ],
    [
      endpoint("/a", 'body = ""\ncontent_type = "html"'),
      5,
      "endpoints[0].content_type",
      "not a content type",
      'for example "text/html; charset=utf-8"',
    ],
  ]);

  test.each([
    ["/a", "/a"],
    ["/a", "/a/"],
    ["/a/:x", "/a/:y"],
  ])("when its method and path are taken: %s, then %s", (first, second) => {
    const found = problem(endpoint(first) + endpoint(second));
    expect([found.line, found.path, found.hint]).toEqual([
      7,
      "endpoints[1].path",
      "by endpoints[0] at DIR/fairlead.toml:3",
    ]);
    expect(found.message).toBe(`GET ${second} is already taken`);
  });

  test.each([
    ["/a", "/A"],
    ["/a/:x", "/a/b"],
    ["/a/:x", "/b/:x"],
    ["/a", "/a/b"],
  ])("but two different paths are two endpoints: %s and %s", (first, second) => {
    expect(accept(endpoint(first) + endpoint(second)).endpoints).toHaveLength(2);
  });

  test("nor are two methods of one path the same", () => {
    expect(accept(endpoint("/a") + endpoint("/a", 'body = ""', "POST")).endpoints).toHaveLength(2);
  });
});

describe("the second file", () => {
  const around = (toml: string) => ({ files: { "more.toml": toml }, endpointsPath: "more.toml" });

  test("adds its endpoints to those of the first", () => {
    const found = accept(endpoint("/a"), around(endpoint("/b") + endpoint("/c")));
    expect(found.endpoints.map((each) => each.path)).toEqual(["/a", "/b", "/c"]);
  });

  test("may hold nothing else", () => {
    const found = problem("", around(`default_model = "x"\n${endpoint("/b")}`));
    expect(found).toMatchObject({
      file: "DIR/more.toml",
      line: 1,
      path: "default_model",
      hint: "known here: endpoints",
    });
  });

  test("cannot take what the first has taken", () => {
    const found = problem(endpoint("/a"), around(`\n${endpoint("/a")}`));
    expect(found).toMatchObject({
      file: "DIR/more.toml",
      line: 4,
      path: "endpoints[0].path",
      hint: "by endpoints[0] at DIR/fairlead.toml:3",
    });
  });

  test("has its problems told together with the first file's", () => {
    const found = problems("[server]\nport = -1", around(endpoint("x")));
    expect(found.map(({ file, line }) => [file, line])).toEqual([
      ["DIR/fairlead.toml", 2],
      ["DIR/more.toml", 3],
    ]);
  });
});

test("a bad endpoint does not shift the places of the others", () => {
  const found = problems(endpoint("bad") + endpoint("/health"));
  expect(found.map(({ path }) => path)).toEqual(["endpoints[0].path", "endpoints[1].path"]);
});
