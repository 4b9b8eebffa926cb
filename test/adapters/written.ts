import { chat } from "../../src/api/chat.ts";
import { completions } from "../../src/api/completions.ts";
import { readEmbeddings } from "../../src/api/embeddings.ts";
import type { Hints } from "../../src/adapters/adapter.ts";
import { openai } from "../../src/adapters/openai.ts";
import type { Profile } from "../../src/adapters/profile.ts";
import { PROFILES, type ProfileName } from "../../src/backends/profiles.ts";
import type { JsonRecord } from "../../src/core/json.ts";
import type { ModelInfo } from "../../src/core/model.ts";
import type { Note } from "../../src/core/note.ts";
import type { EmbeddingInputs, Prompt } from "../../src/core/prompt.ts";
import type { ModelRequest, Operation } from "../../src/core/request.ts";
import { readObject } from "../../src/wire/json.ts";

export interface Written {
  path: string;
  /** What the host gets, byte for byte. */
  text: string;
  json: JsonRecord;
  /** Their sentences. */
  notes: string[];
  hints: Hints | undefined;
}

/** Where a request goes: a profile by its name, or one of the test's own. */
export interface To {
  profile?: ProfileName | Profile;
  operation?: Operation;
  defaults?: object;
  model?: string;
  info?: ModelInfo;
}

/** A client's body as a host of this profile gets it, for its model "theirs". */
export function written(body: string | object, to: To = {}): Written {
  const bytes = new TextEncoder().encode(typeof body === "string" ? body : JSON.stringify(body));
  return send(READERS[to.operation ?? "chat"](readObject(bytes), "1", new Headers()), to);
}

/** What a client of another dialect asks, as a host of this profile gets it. */
export function prompted(prompt: Partial<Prompt>, to: To & { stream?: boolean } = {}): Written {
  const whole: Prompt = {
    items: [],
    tools: [],
    sampling: {},
    format: { type: "text" },
    reasoning: {},
    notes: [],
    ...prompt,
  };
  const { stream = false } = to;
  return send({ ...FOREIGN, operation: "chat", stream, includeUsage: false, prompt: () => whole }, to);
}

/** The same for texts that are to become vectors. */
export function embedded(inputs: EmbeddingInputs, to: To = {}): Written {
  return send({ ...FOREIGN, operation: "embeddings", stream: false, inputs: () => inputs }, to);
}

const FOREIGN = {
  id: "1",
  dialect: "anthropic",
  answerDialect: "anthropic",
  model: "m",
  body: readObject(new TextEncoder().encode("{}")),
} as const;

function send(request: ModelRequest, { profile = "openai", defaults, model = "theirs", info }: To): Written {
  const notes: Note[] = [];
  const destination = {
    model,
    profile: typeof profile === "string" ? PROFILES[profile] : profile,
    defaults: { ...defaults },
    info,
    contextWindow: undefined,
  };
  const { path, body: pieces, hints } = openai.write(request, destination, notes);
  const text = Buffer.concat(pieces).toString();
  const said = notes.map(({ message }) => message);
  return { path, text, json: JSON.parse(text) as JsonRecord, notes: said, hints };
}

const READERS = { chat: chat.read, completions: completions.read, embeddings: readEmbeddings };

export const messages = [{ role: "user", content: "hi" }];

/** A chat body, as a host of this profile gets it. */
export function chatTo(profile: ProfileName, more: object, defaults: object = {}): Written {
  return written({ model: "m", messages, ...more }, { profile, defaults });
}
