import { describe } from "bun:test";
import { gpu, refuses } from "./mistakes.ts";

const PIN =
  "openssl x509 -in CERT -pubkey -noout | openssl pkey -pubin -outform der | openssl dgst -sha256 -binary | base64";

describe("a value that cannot be meant is a problem", () => {
  refuses([
    ['log_level = "inof"', 1, "log_level", 'unknown log level "inof"', 'did you mean "info"?'],
    ['log_level = "loud"', 1, "log_level", "unknown log level", "one of: debug, info, warn, error, silent"],
    ['default_model = ""', 1, "default_model", "may not be empty"],
    ['default_model = "default"', 1, "default_model", '"default" is the name', "name another model"],
    ["[server]\ndrain = 30", 2, "server.drain", "this duration has no unit", 'write "30s"'],
    ['[server]\nheartbeat = "10"', 2, "server.heartbeat", "this duration has no unit", 'write "10s"'],
    ['[server]\nbody_max = "64"', 2, "server.body_max", "this size has no unit", 'write "64 MiB"'],
    ["[server]\nbody_max = 10", 2, "server.body_max", "expected a size from 1 KiB to 4 GiB"],
    ['[server]\nhost = "http://localhost"', 2, "server.host", "not a URL", 'write "127.0.0.1"'],
    [
      '[server]\nhost = "localhost:80"',
      2,
      "server.host",
      "no port here",
      "the port is a key of its own: port = 7171",
    ],
    ['[server]\nhost = "*"', 2, "server.host", "not an address", '"0.0.0.0" listens on every address'],
    [
      '[server]\nallowed_hosts = ["a.example:80"]',
      2,
      "server.allowed_hosts[0]",
      "no port here",
      "write the name alone",
    ],
    [
      '[server]\nallowed_hosts = ["*.example"]',
      2,
      "server.allowed_hosts[0]",
      "no wildcards",
      "list every name",
    ],
    [
      '[server]\ncors_origins = ["https://a.example/"]',
      2,
      "server.cors_origins[0]",
      "not an origin",
      "without the slash at the end",
    ],
    [
      '[server]\ncors_origins = ["a.example"]',
      2,
      "server.cors_origins[0]",
      "not an origin",
      'write it like "https://app.example"',
    ],
    [
      '[server]\ncors_origins = ["https://A.example:443"]',
      2,
      "server.cors_origins[0]",
      "not as a browser",
      'write "https://a.example"',
    ],
    ['[server]\napi_keys = [""]', 2, "server.api_keys[0]", "the key is empty"],
    ['[server]\napi_keys = ["two words"]', 2, "server.api_keys[0]", "a character that no key has"],
    [`${gpu}tls.pin_sha256 = ["abc"]`, 3, "backends.gpu.tls.pin_sha256[0]", "44 characters", PIN],
    [`${gpu}tls.ca = "none.pem"`, 3, "backends.gpu.tls.ca", 'there is no file "DIR/none.pem"'],
    [
      `${gpu}headers.Host = "x"`,
      3,
      "backends.gpu.headers.Host",
      "cannot be set here",
      "Fairlead sets this header from the URL",
    ],
    [
      `${gpu}headers."a b" = "x"`,
      3,
      'backends.gpu.headers."a b"',
      "not a header's name",
      "a header's name is letters, digits and -",
    ],
    [
      `${gpu}headers = { X-A = "1", x-a = "2" }`,
      3,
      "backends.gpu.headers.x-a",
      "set twice",
      "upper and lower case are the same",
    ],
    [`${gpu}headers.X = "a\\nb"`, 3, "backends.gpu.headers.X", "on one line"],
  ]);
});
