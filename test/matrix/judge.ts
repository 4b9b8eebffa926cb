import type { Feature } from "./features.ts";
import {
  type Asked,
  type Client,
  callLine,
  type Host,
  linesOf,
  type Question,
  type Reply,
  type Seen,
} from "./scene.ts";

/** What became of one feature between one client and one host. */
export interface Cell {
  verdict: "kept" | "emulated" | "lost" | "cannot say";
  /** Why it is not kept. */
  why: string;
}

/** One exchange as both ends saw it. */
export interface Exchange {
  client: Client;
  host: Host;
  feature: Feature;
  /** Of the last request. */
  asked: Asked | undefined;
  seen: Seen;
  status: number;
  retryAfter: string | null;
  /** Codes of `x-fairlead-notes`. */
  notes: string[];
}

/** A difference between what one end said and what the other heard; `told`: notes that own up to it. */
interface Difference {
  what: string;
  told?: RegExp;
  /** The client's dialect has no word for it. */
  mute?: string | undefined;
}

/** Throws when something was lost and nobody said so. */
export function judge(exchange: Exchange): Cell {
  const { notes, client, feature } = exchange;
  const differences = [...heard(exchange), ...answered(exchange)];
  const silent = differences.filter(({ told, mute }) => {
    return mute === undefined && !(told && notes.some((note) => told.test(note)));
  });
  if (silent.length > 0) throw new Error(silent.map(({ what }) => what).join("; "));
  const { stop, choice } = feature.question;
  const unsaid = (stop && client.lacks.stop) || (choice !== undefined && client.lacks.choice);
  if (unsaid) return { verdict: "cannot say", why: unsaid };
  const mute = differences.find((difference) => difference.mute !== undefined);
  const own = notes.filter((note) => relevant(note, exchange.feature.question));
  const lost = own.filter((note) => note.startsWith("dropped:"));
  if (lost.length > 0) return { verdict: "lost", why: lost.join(", ") };
  if (mute?.mute) return { verdict: "cannot say", why: mute.mute };
  const emulated = own.filter((note) => note.startsWith("emulated:"));
  if (emulated.length > 0) return { verdict: "emulated", why: emulated.join(", ") };
  return { verdict: "kept", why: "" };
}

/** Each row speaks of one thing: a note on another belongs to another row. */
function relevant(note: string, { stop, schema, choice, think, unknown, temperature }: Question): boolean {
  if (stop) return /stop/.test(note);
  if (schema) return /format/.test(note);
  if (choice) return /tool/.test(note);
  if (think) return /reason|think/.test(note);
  if (unknown) return note.includes(unknown.name);
  return temperature === undefined || !/reason|think/.test(note);
}

/** What the host heard otherwise than it was said. */
function heard({ client, host, feature, asked }: Exchange): Difference[] {
  if (!asked) return [{ what: "the host was not asked" }];
  const { question } = feature;
  const found: Difference[] = [];
  const differ = (what: string, told: RegExp, said: unknown, got: unknown) => {
    if (JSON.stringify(said) !== JSON.stringify(got))
      found.push({ what: `${what}: said ${JSON.stringify(said)}, heard ${JSON.stringify(got)}`, told });
  };
  differ("conversation", /^$/, expectedLines(feature, host), comparable(asked.lines, feature));
  if (question.max !== undefined) differ("max", /max|predict/, question.max, asked.max);
  if (question.temperature !== undefined)
    differ("temperature", /temperature/, question.temperature, asked.temperature);
  if (question.stop && client.lacks.stop === undefined) differ("stop", /stop/, question.stop, asked.stop);
  if (question.think) differ("thinking", /reason|think/, true, asked.think);
  if (question.schema) {
    const properties = (question.schema as { properties: object }).properties;
    differ("schema", /format/, Object.keys(properties), asked.schema);
  }
  if (question.tools && question.choice !== "none") {
    const names = question.tools.map(({ name }) => name);
    differ("tools", /tool/, names, asked.tools);
  }
  const { choice } = question;
  if (choice !== undefined && client.lacks.choice === undefined) {
    const wanted = typeof choice === "string" ? choice : `named ${choice.name}`;
    differ("tool choice", /tool_choice/, wanted, asked.choice);
  }
  if (question.unknown) {
    const { name } = question.unknown;
    const same = host.name === SAME[client.name];
    if (!asked.fields.includes(name))
      found.push({ what: `${name} was lost`, ...(same ? {} : { told: new RegExp(name) }) });
    else if (!same) found.push({ what: `${name} was sent to a host of another dialect` });
  }
  return found;
}

const SAME: Readonly<Record<string, string>> = {
  chat: "openai",
  responses: "openai-responses",
  messages: "anthropic",
  ollama: "ollama",
};

/** The conversation of the last request. */
function expectedLines({ question, reply, then }: Feature, { name, memory }: Host): string[] {
  const lines = linesOf(question);
  if (!then) return lines;
  const calls = (reply.calls ?? []).map(callLine);
  // Gemini's state stands on the first call, the others' in a thought of its own.
  if (name === "gemini" && reply.state) calls[0] = `${calls[0]} (${reply.state})`;
  const thought =
    memory === "state" && name !== "gemini" ? [`assistant thinks ${reply.thought} (${reply.state})`] : [];
  return [...lines, ...thought, ...calls, ...linesOf({ turns: [{ results: then.results }] })];
}

/** Thoughts as text are nice to have back, and no host insists on them. Gemini wants no foreign ones either. */
function comparable(lines: readonly string[], { reply }: Feature): string[] {
  return (
    lines
      .filter((line) => line !== `assistant thinks ${reply.thought}`)
      // Where a call is forced by other means, the model is told how to make it.
      .filter((line) => !line.startsWith("system You have these tools"))
      .map((line) => line.replace(" (skip_thought_signature_validator)", ""))
  );
}

/** What the client saw otherwise than it was answered. */
function answered({ client, host, feature, seen, status, retryAfter }: Exchange): Difference[] {
  const { reply, refuses, question } = feature;
  const found: Difference[] = [];
  const differ = (what: string, said: unknown, got: unknown, mute?: string) => {
    if (JSON.stringify(said) === JSON.stringify(got)) return;
    found.push({ what: `${what}: answered ${JSON.stringify(said)}, saw ${JSON.stringify(got)}`, mute });
  };
  if (refuses) {
    const wanted = refuses === "context" ? 400 : host.name === "ollama" ? 503 : 429;
    differ("status", wanted, status === 529 ? 503 : status);
    differ("an error", true, seen.error !== undefined && seen.error !== "");
    if (refuses === "limit" && host.name !== "ollama") differ("retry-after", "7", retryAfter);
    return found;
  }
  if (reply.fault) {
    if (question.stream) differ("text before the fault", reply.text?.join(""), seen.text);
    else differ("status", true, status >= 500);
    differ("a whole answer", false, seen.whole);
    differ("an error", true, seen.error !== undefined && seen.error !== "");
    if (reply.fault === "error") differ("the host's words", true, seen.error?.includes("The engine broke."));
    return found;
  }
  differ("status", 200, status);
  differ("text", reply.text?.join("") ?? reply.refusal ?? "", seen.text);
  if (reply.thought) differ("thought", reply.thought, seen.thought, client.mute.thought);
  const bare = (calls: readonly { name: string; args: object }[]) =>
    calls.map(({ name, args }) => ({ name, args }));
  differ("calls", bare(reply.calls ?? []), bare(seen.calls));
  if (new Set(seen.calls.map(({ id }) => id)).size < seen.calls.length)
    found.push({ what: "two calls of one id" });
  differ("end", endSeen(host, reply), seen.ends, reply.refusal ? client.mute.refusal : undefined);
  differ("a whole answer", true, seen.whole);
  if (reply.usage) {
    const { input, cached, output } = reply.usage;
    differ("usage", [input, output], [seen.usage?.input, seen.usage?.output]);
    if (host.name !== "ollama") differ("cached tokens", cached, seen.usage?.cached, client.mute.cached);
  }
  return found;
}

/** Ollama's own hosts cannot say that they refuse. */
function endSeen({ name }: Host, { ends }: Reply): string {
  return ends === "refusal" && name === "ollama" ? "stop" : ends;
}
