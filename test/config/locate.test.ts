import { describe, expect, test } from "bun:test";
import { parse } from "smol-toml";
import { locate } from "../../src/config/locate.ts";
import { formatPath, type Path } from "../../src/config/problems.ts";

const text = `# a comment with [brackets] and = signs
top = "a # no comment"           # line 2
list = [
  "one", # ]
  { env = "X", deep.er = 1 },    # line 5
  [ 1,
    2 ],
]

[server]                         # line 10
port = 1
"quoted key" = 2
a.b . c = 3                      # line 13
long = """
port = 99
\\"""" # line 16

  [backends.gpu.timeouts]        # line 18
connect = "3s"
[backends.gpu]                   # line 20
type = 'x\\'
'dotted.name' = { x = [
  { y = 1 } ], z = 2 }           # line 23
[[endpoints]]                    # line 24
path = "/a"
headers = {}
[[endpoints]]                    # line 27
path = "/b"
[endpoints.headers]              # line 29
X = "1"
["esc\\u0061ped"]                # line 31
x = '''''a'''''
y = 1979-05-27 07:32:00
z = true
tricky = ["\\"]", { k = 1 }]     # line 35
`;

const places: [line: number, ...Path][] = [
  [2, "top"],
  [3, "list"],
  [4, "list", 0],
  [5, "list", 1],
  [5, "list", 1, "env"],
  [5, "list", 1, "deep", "er"],
  [6, "list", 2],
  [7, "list", 2, 1],
  [10, "server"],
  [11, "server", "port"],
  [12, "server", "quoted key"],
  [13, "server", "a", "b", "c"],
  [14, "server", "long"],
  [18, "backends", "gpu", "timeouts"],
  [19, "backends", "gpu", "timeouts", "connect"],
  [20, "backends", "gpu"],
  [21, "backends", "gpu", "type"],
  [22, "backends", "gpu", "dotted.name"],
  [23, "backends", "gpu", "dotted.name", "x", 0, "y"],
  [23, "backends", "gpu", "dotted.name", "z"],
  [24, "endpoints"],
  [24, "endpoints", 0],
  [25, "endpoints", 0, "path"],
  [27, "endpoints", 1],
  [28, "endpoints", 1, "path"],
  [29, "endpoints", 1, "headers"],
  [30, "endpoints", 1, "headers", "X"],
  [31, "escaped"],
  [32, "escaped", "x"],
  [33, "escaped", "y"],
  [34, "escaped", "z"],
  [35, "escaped", "tricky", 1, "k"],
];

describe("the line of a key", () => {
  const found = locate(text);

  test.each(places.map(([line, ...path]) => [formatPath(path), line, path] as const))(
    "%s stands on line %d",
    (_name, line, path) => {
      expect(found.line(path)).toBe(line);
    },
  );

  test("a key that is not there has the line of the table around it", () => {
    expect(found.line(["endpoints", 1, "method"])).toBe(27);
    expect(found.line(["server", "nothing", 3, "at", "all"])).toBe(10);
    expect(found.line(["nothing"])).toBeUndefined();
    expect(found.line([])).toBeUndefined();
  });

  test("every key and element of the document is found", () => {
    const missing: Path[] = [];
    const visit = (value: unknown, path: Path): void => {
      if (path.length > 0 && found.offset(path) === undefined) missing.push(path);
      if (typeof value !== "object" || value === null || value instanceof Date) return;
      for (const [key, child] of Object.entries(value))
        visit(child, [...path, Array.isArray(value) ? Number(key) : key]);
    };
    visit(parse(text), []);
    expect(missing).toEqual([]);
  });

  test("line ends of Windows and a byte order mark make no difference", () => {
    const windows = locate(`\uFEFF${text.replaceAll("\n", "\r\n")}`);
    for (const [line, ...path] of places) expect(windows.line(path)).toBe(line);
  });

  test("order is that of the text, also for names that are numbers", () => {
    const order = locate("[b.gpu]\n[b.2]\n[b.1]\n");
    const offsets = ["gpu", "2", "1"].map((name) => order.offset(["b", name]) ?? -1);
    expect(offsets).toEqual(offsets.toSorted((a, b) => a - b));
  });

  test.each([
    "",
    "=",
    "[",
    "[[",
    "a",
    'a = "',
    "a = [",
    "a = { b",
    "[a]]",
    "a = '''",
    ". = 1",
    "{}",
    "a = ]",
  ])("a text that is not TOML does not hang it: %p", (broken) => {
    expect(locate(broken).line(["zzz"])).toBeUndefined();
  });
});
