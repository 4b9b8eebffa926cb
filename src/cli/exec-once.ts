/**
 * Replaces this process once by itself, with an environment that is safe and roomy. To be the first import of the entry
 * point: everything imported after it runs in the second, clean life only.
 *
 * Some settings of the runtime are read when the process starts and cannot be changed from inside, so the only cure for a
 * bad one is to start again. It costs about 5 ms, and the process keeps its id, its arguments and its open files, so a
 * service manager notices nothing. Only the compiled binary does it: under `bun src/main.ts` a developer's debugger is
 * meant to stay. Windows has no execve: there, only what is read later (and by programs we start) is put right.
 */

/** Says "this is the second life" by our process id, so that a copy inherited from another Fairlead means nothing. */
const MARKER = "FAIRLEAD_EXEC_ONCE";

/**
 * How many requests of the runtime's own fetch may be open at a time, over all hosts. Its default, 256, would let one
 * hung host hold up every other; 65535 is the most it takes.
 */
const OUTGOING_LIMIT = 16_384;

/** Variables that must have this value. */
const REQUIRED: Readonly<Record<string, string>> = {
  // Elysia asks for it while running, where a build-time constant does not reach.
  NODE_ENV: "production",
  // The runtime uploads crash reports on macOS and Windows unless this says no.
  DO_NOT_TRACK: "1",
};

/**
 * Variables of the runtime that run code, open a debugger, switch certificate checks off or print keys.
 *
 * SSL_CERT_FILE, SSL_CERT_DIR, NODE_EXTRA_CA_CERTS and NODE_USE_SYSTEM_CA stay: they only add trust, and an owner behind
 * a company's inspecting proxy has set them on purpose. Without them no remote backend could be reached there.
 */
const DANGEROUS = new Set([
  "BUN_OPTIONS", // any flag: --preload, --inspect ...
  "BUN_BE_BUN", // turns the binary into plain bun; seen here only by a child of such a one
  "BUN_CONFIG_VERBOSE_FETCH", // prints each request, Authorization included
  "BUN_CRASH_REPORT_URL",
  "BUN_ENABLE_CRASH_REPORTING",
  "NODE_OPTIONS",
  "NODE_DEBUG",
  "NODE_TLS_REJECT_UNAUTHORIZED",
  "NODE_V8_COVERAGE", // writes files where it points
]);

/** `BUN_INSPECT` and its kin: a debugger port for anybody who can reach it. */
const DANGEROUS_PREFIX = "BUN_INSPECT";

execOnce();

/** The environment to run in, and the names in which it differs from the given one. Applied twice it changes nothing. */
export function cleanEnvironment(env: Readonly<Record<string, string | undefined>>): {
  env: Record<string, string>;
  changed: string[];
} {
  const clean: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (value !== undefined && !isDangerous(name)) clean[name] = value;
  }
  Object.assign(clean, REQUIRED);
  // An owner may ask for more, not for less: what is too much for one backend is that backend's `concurrency`.
  if (!(Number(env["BUN_CONFIG_MAX_HTTP_REQUESTS"]) >= OUTGOING_LIMIT)) {
    clean["BUN_CONFIG_MAX_HTTP_REQUESTS"] = String(OUTGOING_LIMIT);
  }
  const names = new Set([...Object.keys(env), ...Object.keys(clean)]);
  return { env: clean, changed: [...names].filter((name) => env[name] !== clean[name]).sort() };
}

function isDangerous(name: string): boolean {
  return DANGEROUS.has(name) || name.startsWith(DANGEROUS_PREFIX);
}

function execOnce(): void {
  if (!Bun.isStandaloneExecutable) return;
  const isSecondLife = process.env[MARKER] === String(process.pid);
  // Nobody else is to see it: not the programs we start, not a second Fairlead among them.
  delete process.env[MARKER];
  if (isSecondLife) return;
  const { env, changed } = cleanEnvironment(process.env);
  if (changed.length === 0) return;
  try {
    // process.argv starts with two entries of the runtime's own making.
    const argv = [process.argv0, ...process.argv.slice(2)];
    process.execve?.(process.execPath, argv, { ...env, [MARKER]: String(process.pid) });
  } catch {
    // The file may be gone or not executable any more. Running with what there is beats not running.
  }
  for (const name of changed) {
    if (name in env) process.env[name] = env[name];
    else delete process.env[name];
  }
}
