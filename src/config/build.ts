import type { ModelAlias } from "../core/model.ts";
import type { BackendConfig, Config } from "./config.ts";
import { Refusal } from "./problems.ts";
import type { Reading } from "./reading.ts";
import { BACKEND_TYPES, type BackendTable } from "./backend-schema.ts";
import type { FileConfig, ModelTable } from "./schema.ts";
import { nearest } from "./suggest.ts";

/** What the file's tables say together that none of them can say alone; and the program's form of them. */
export function buildBackends(file: FileConfig, reading: Reading): BackendConfig[] {
  return inOrder(file.backends, reading).map(([name, backend]) => {
    checkBackend(backend, reading);
    return {
      name,
      type: backend.type,
      // Azure's addresses are copied with and without the path that is put behind them here.
      url: backend.type === "azure" ? backend.url?.replace(/\/openai$/, "") : backend.url,
      apiKey: backend.api_key,
      concurrency: backend.concurrency,
      timeouts: {
        connect: backend.timeouts.connect,
        firstByte: backend.timeouts.first_byte,
        idle: backend.timeouts.idle,
      },
      headers: backend.headers,
      apiVersion: backend.api_version,
      contextWindow: backend.context_window,
      thinkTags: backend.think_tags,
      models: backend.models,
      tls: { ca: backend.tls.ca, pinSha256: backend.tls.pin_sha256 },
    };
  });
}

/** `names`: of every configured backend, also of those that have problems of their own. */
export function buildModels(file: FileConfig, names: readonly string[], reading: Reading): ModelAlias[] {
  return inOrder(file.models, reading).map(([name, model]) => {
    checkAlias(name, model, names, reading);
    checkTargets(name, model, { file, names, reading });
    return { name, targets: model.targets, defaults: model.defaults, contextWindow: model.context_window };
  });
}

/** The default model as written; a name that can only be a mistake is reported or warned of. */
export function buildDefaultModel(
  file: FileConfig,
  names: readonly string[],
  reading: Reading,
): Config["defaultModel"] {
  const model = file.default_model;
  const at = ["default_model"];
  if (model === undefined || Object.hasOwn(file.models, model)) return model;
  if (model === "default") {
    reading.report(
      at,
      new Refusal('"default" is the name that default_model explains', "name another model"),
    );
  } else if (model.includes("/")) {
    warnOfBackend(model, at, names, reading);
  } else {
    const alias = nearest(model, Object.keys(file.models));
    const hint = `did you mean ${JSON.stringify(alias)}?`;
    if (alias !== undefined)
      reading.warn(at, new Refusal(`no [models] entry is called ${JSON.stringify(model)}`, hint));
  }
  return model;
}

/** In the order of the file. (An object puts a backend called `1` before all others.) */
function inOrder<T extends object>(
  tables: Readonly<Record<string, T>>,
  reading: Reading,
): [name: string, table: T][] {
  const offset = (table: T) => reading.locations.offset(reading.placeOf(table)) ?? 0;
  return Object.entries(tables).sort(([, a], [, b]) => offset(a) - offset(b));
}

function checkBackend(backend: BackendTable, reading: Reading): void {
  const at = reading.placeOf(backend);
  const { type, url, tls } = backend;
  const example = EXAMPLE_URL.get(type);
  if (example !== undefined && url === undefined && !reading.failed([...at, "url"])) {
    reading.report([...at, "url"], new Refusal(`"${type}" needs a url`, `url = "${example}"`));
  }
  const wantsTls = tls.ca !== undefined || tls.pin_sha256.length > 0;
  if (wantsTls && url?.startsWith("http:")) {
    reading.report(
      [...at, "tls"],
      new Refusal("tls is of no use with an http:// URL", "use https://, or remove tls"),
    );
  }
}

/** Types whose place nobody but the user knows. */
const EXAMPLE_URL: ReadonlyMap<string, string> = new Map([
  ["openai-compatible", "http://127.0.0.1:8000"],
  ["openai-responses", "http://127.0.0.1:8000"],
  ["azure", "https://NAME.openai.azure.com"],
]);

function checkAlias(name: string, model: ModelTable, names: readonly string[], reading: Reading): void {
  const prefix = names.find((backend) => name.startsWith(`${backend}/`));
  if (prefix === undefined) return;
  reading.report(
    reading.placeOf(model),
    new Refusal(
      `${JSON.stringify(name)} hides a model of the backend "${prefix}"`,
      `choose a name that does not start with "${prefix}/"`,
    ),
  );
}

function checkTargets(
  name: string,
  model: ModelTable,
  around: { file: FileConfig; names: readonly string[]; reading: Reading },
): void {
  const { file, names, reading } = around;
  // A target that was left out would shift the places of the others.
  if (reading.failed([...reading.placeOf(model), "targets"])) return;
  for (const [index, target] of model.targets.entries()) {
    const at = [...reading.placeOf(model), "targets", index];
    if (model.targets.indexOf(target) < index) {
      reading.report(at, new Refusal(`${JSON.stringify(target)} is named twice`, "remove one"));
    } else if (Object.hasOwn(file.models, target)) {
      const what = target === name ? "this entry itself" : "another entry of [models]";
      const hint = `name a backend's model: "BACKEND/${target}"`;
      reading.report(at, new Refusal(`${JSON.stringify(target)} is ${what}, not a backend's model`, hint));
    } else {
      warnOfBackend(target, at, names, reading);
    }
  }
}

/**
 * `gup/x` may be a model of a backend that discovery finds later, or an id with a slash of its own: no problem, but worth
 * a word where a configured name is only a slip away.
 */
function warnOfBackend(
  model: string,
  at: readonly (string | number)[],
  names: readonly string[],
  reading: Reading,
): void {
  const prefix = model.slice(0, Math.max(0, model.indexOf("/")));
  const known: readonly string[] = [...names, ...BACKEND_TYPES];
  if (prefix === "" || known.includes(prefix)) return;
  const near = nearest(prefix, names);
  if (near === undefined) return;
  reading.warn(
    at,
    new Refusal(`no backend is called ${JSON.stringify(prefix)}`, `did you mean ${JSON.stringify(near)}?`),
  );
}
