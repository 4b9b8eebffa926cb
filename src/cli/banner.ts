import type { BackendState } from "../backends/backend.ts";
import { isWildcard, readHost } from "../server/authority.ts";
import { printable, printableUrl } from "../server/printable.ts";
import { colours } from "./colour.ts";
import type { Colours } from "./colour.ts";
import { table } from "./table.ts";

/** All that the banner tells, known once the server listens and the first round of probes is over. */
export interface BannerFacts {
  version: string;
  /** Where clients reach it, without a path: see `clientUrl`. */
  url: string;
  /** The config file in use, if any. */
  configFile: string | undefined;
  keyNeeded: boolean;
  backends: readonly BannerBackend[];
  defaultModel: string | undefined;
  /** A model that can be asked right now, for the lines to copy. */
  exampleModel: string;
  endpoints: readonly { method: string; path: string; description: string | undefined }[];
  warnings: readonly string[];
}

/** One line of the list of backends. */
export interface BannerBackend {
  name: string;
  type: string;
  /** Undefined: inside this process. */
  url: string | undefined;
  state: BackendState;
  models: number;
  /** Why it is not connected, if known. */
  error?: string | undefined;
}

/** What a person sees at the start, ending in a line feed; for standard error. */
export function banner(facts: BannerFacts, colour: boolean): string {
  const paint = colours(colour);
  const config = facts.configFile === undefined ? "no config file" : printable(facts.configFile);
  const key = facts.keyNeeded ? "clients need a key" : "no key needed";
  return [
    `${paint.bold("Fairlead")} ${facts.version}  ${paint.bold(paint.cyan(`${facts.url}/v1`))}`,
    paint.dim(`${config}, ${key}`),
    "",
    ...backendLines(facts, paint),
    ...endpointLines(facts, paint),
    "",
    ...tryLines(facts, paint),
    ...facts.warnings.map((warning) => `${paint.yellow("warning:")} ${lines(warning)}`),
    "",
  ].join("\n");
}

/** A warning's hint stands on a line of its own; any other line feed came from outside. */
function lines(warning: string): string {
  const parts = warning.split("\n  ");
  return parts.map((part) => printable(part, 500)).join("\n  ");
}

/** The address for clients on this machine: a wildcard is not one, and IPv6 needs brackets. */
export function clientUrl(host: string, port: number): string {
  const bound = readHost(host);
  const name = bound === undefined || isWildcard(bound) ? "127.0.0.1" : bound.name;
  return `http://${name}:${port}`;
}

const NOTHING_FOUND =
  "  none found, so the built-in model `echo` answers. Start a local engine, set a key such as\n" +
  "  OPENAI_API_KEY, or name a backend in fairlead.toml.";

function backendLines(facts: BannerFacts, paint: Colours): string[] {
  const lines = [paint.bold("Backends")];
  if (facts.backends.length === 0) lines.push(NOTHING_FOUND);
  const rows = facts.backends.map((backend) => [
    `  ${MARKS[backend.state]}`,
    backend.name,
    backend.type,
    backend.url === undefined ? "built in" : printableUrl(backend.url),
    stateText(backend),
  ]);
  const painted = linesOf(table(rows)).map((line, index) => {
    const state = facts.backends[index]?.state ?? "disconnected";
    return line.replace(MARKS[state], markColour(paint, state)(MARKS[state]));
  });
  if (facts.defaultModel === undefined) return [...lines, ...painted];
  return [...lines, ...painted, `  default model: ${printable(facts.defaultModel)}`];
}

/** Readable without colour too. */
const MARKS: Readonly<Record<BannerBackend["state"], string>> = {
  connecting: ".",
  connected: "+",
  loading: "~",
  disconnected: "-",
};

function markColour(paint: Colours, state: BannerBackend["state"]): (text: string) => string {
  if (state === "connected") return paint.green;
  return state === "loading" || state === "connecting" ? paint.yellow : paint.red;
}

function stateText({ state, models, error }: BannerBackend): string {
  if (state === "connected") return `${models} ${models === 1 ? "model" : "models"}`;
  return error === undefined ? state : `${state}: ${error}`;
}

function endpointLines({ endpoints }: BannerFacts, paint: Colours): string[] {
  if (endpoints.length === 0) return [];
  const rows = endpoints.map(({ method, path, description }) => [`  ${method}`, path, description ?? ""]);
  return ["", paint.bold("Custom endpoints"), ...linesOf(table(rows))];
}

function tryLines({ url, keyNeeded, exampleModel }: BannerFacts, paint: Colours): string[] {
  // Of the shell's own variable, so that the banner never shows a key.
  const key = keyNeeded ? '"$FAIRLEAD_API_KEY"' : "none";
  const clients = [
    ["  Python", `OPENAI_BASE_URL=${url}/v1 OPENAI_API_KEY=${key} python app.py`],
    [
      "  JavaScript",
      `new OpenAI({ baseURL: "${url}/v1", apiKey: ${keyNeeded ? "process.env.FAIRLEAD_API_KEY" : '"none"'} })`,
    ],
    ["  Open WebUI", `OPENAI_API_BASE_URL=${url}/v1 OPENAI_API_KEY=${key} open-webui serve`],
    [
      "  Claude Code",
      `ANTHROPIC_BASE_URL=${url} ANTHROPIC_AUTH_TOKEN=${key} ANTHROPIC_MODEL=${shellQuoted(printable(exampleModel))} claude`,
    ],
  ];
  return [
    paint.bold("Try it"),
    `  ${curlLine(url, keyNeeded, exampleModel)}`,
    "",
    paint.bold("Clients"),
    ...clients.map(([name = "", line = ""]) => `${name.padEnd(15)}${line}`),
    "",
  ];
}

function curlLine(url: string, keyNeeded: boolean, model: string): string {
  const body = JSON.stringify({ model: printable(model), messages: [{ role: "user", content: "Hello" }] });
  const auth = keyNeeded ? ` -H "Authorization: Bearer $FAIRLEAD_API_KEY"` : "";
  return `curl ${url}/v1/chat/completions -H 'Content-Type: application/json'${auth} -d ${shellQuoted(body)}`;
}

function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

function linesOf(text: string): string[] {
  return text.split("\n").filter((line) => line !== "");
}
