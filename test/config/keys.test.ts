import { describe, expect, test } from "bun:test";
import { fast, gpu, refuses } from "./mistakes.ts";
import { problem } from "./scratch.ts";

describe("an unknown key is a problem with a suggestion", () => {
  refuses([
    ['default_modle = "x"', 1, "default_modle", "unknown key", 'did you mean "default_model"?'],
    ["[sever]\nport = 1", 1, "sever", "unknown key", 'did you mean "server"?'],
    ["[server]\n\nprot = 1", 3, "server.prot", "unknown key", 'did you mean "port"?'],
    ["server.prot = 1", 1, "server.prot", "unknown key", 'did you mean "port"?'],
    ["server = { prot = 1 }", 1, "server.prot", "unknown key", 'did you mean "port"?'],
    ["[backend.gpu]", 1, "backend", "unknown key", 'did you mean "backends"?'],
    ["[[endpoint]]", 1, "endpoint", "unknown key", 'did you mean "endpoints"?'],
    [`${gpu}apikey = "x"`, 3, "backends.gpu.apikey", "unknown key", 'did you mean "api_key"?'],
    [`${gpu}baseUrl = "x"`, 3, "backends.gpu.baseUrl", "unknown key", 'did you mean "url"?'],
    [
      `${gpu}[backends.gpu.timeouts]\nconect = "1s"`,
      4,
      "backends.gpu.timeouts.conect",
      "unknown key",
      'did you mean "connect"?',
    ],
    [`${gpu}tls.pins = []`, 3, "backends.gpu.tls.pins", "unknown key", "known here: ca, pin_sha256"],
    [`${gpu}api_key = { evn = "X" }`, 3, "backends.gpu.api_key.evn", "unknown key", 'did you mean "env"?'],
    [`${fast}target = []`, 3, "models.fast.target", "unknown key", 'did you mean "targets"?'],
    [
      '[[endpoints]]\nmethod = "GET"\npath = "/a"\nbody = ""\nstats = 1',
      5,
      "endpoints[0].stats",
      "unknown key",
      'did you mean "status"?',
    ],
  ]);

  test("a key under the wrong header is sent home", () => {
    expect(problem("port = 1").hint).toBe('"port" belongs to [server]');
    expect(problem("[server]\nenabled = true").hint).toBe('"enabled" belongs to [discovery]');
    expect(problem('[server]\nlog_level = "info"').hint).toBe(
      '"log_level" belongs to the top of the file, above the first [header]',
    );
    expect(problem(`${gpu}default_model = "x"`).hint).toBe(
      '"default_model" belongs to the top of the file, above the first [header]',
    );
  });
});

describe("a wrong type is told in the words of the file", () => {
  refuses([
    ["default_model = 3", 1, "default_model", "expected a string, found a number", "put it in quotes"],
    [
      '[server]\nport = "7171"',
      2,
      "server.port",
      "expected a whole number from 0 to 65535, found a string",
      "take the quotes away",
    ],
    ["[server]\nport = 1.5", 2, "server.port", "expected a whole number from 0 to 65535, found a number"],
    ["[server]\nport = 70000", 2, "server.port", "expected a whole number from 0 to 65535, found 70000"],
    ["[server]\nport = inf", 2, "server.port", "found a number"],
    [
      "[server]\nallowed_hosts = 3",
      2,
      "server.allowed_hosts",
      "expected a list of strings, found a number",
      "put it in brackets: [ ... ]",
    ],
    [
      "[server]\nallowed_hosts = [3]",
      2,
      "server.allowed_hosts[0]",
      "expected a host name, found a number",
      "put it in quotes",
    ],
    [
      '[discovery]\nenabled = "no"',
      2,
      "discovery.enabled",
      "expected true or false, found a string",
      "take the quotes away",
    ],
    ["server = 3", 1, "server", "expected a table, found a number"],
    [
      "[[server]]",
      1,
      "server",
      "expected a table, found a list",
      "its header has one pair of brackets: [name]",
    ],
    [
      "[endpoints]",
      1,
      "endpoints",
      "expected a list of tables, found a table",
      "its header has two brackets: [[name]]",
    ],
    ["[backends]\ngpu = true", 2, "backends.gpu", "expected a table, found true or false"],
    [`${gpu}url = 1979-05-27`, 3, "backends.gpu.url", "expected a URL, found a date", "put it in quotes"],
    [`${gpu}concurrency = 0`, 3, "backends.gpu.concurrency", "expected a whole number from 1, found 0"],
    [`${gpu}models = ["a", ""]`, 3, "backends.gpu.models[1]", "may not be empty"],
    [`${gpu}headers = "X: y"`, 3, "backends.gpu.headers", "expected a table of headers, found a string"],
    [
      `${gpu}api_key = 12345`,
      3,
      "backends.gpu.api_key",
      "expected a string or a reference, found a number",
      "put it in quotes",
    ],
  ]);
});
