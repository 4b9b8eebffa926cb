import { chat } from "../../src/api/chat.ts";
import { completions } from "../../src/api/completions.ts";
import { readEmbeddings } from "../../src/api/embeddings.ts";
import { openai } from "../../src/adapters/openai.ts";
import { PROFILES, type ProfileName } from "../../src/backends/profiles.ts";
import type { JsonRecord } from "../../src/core/json.ts";
import type { Operation } from "../../src/core/request.ts";
import { readObject } from "../../src/wire/json.ts";

export interface Written {
  /** What the host gets, byte for byte. */
  text: string;
  json: JsonRecord;
  notes: string[];
}

/** A client's body as a host of this profile gets it, for its model "theirs". */
export function written(
  body: string | object,
  to: { profile?: ProfileName; operation?: Operation; defaults?: object } = {},
): Written {
  const bytes = new TextEncoder().encode(typeof body === "string" ? body : JSON.stringify(body));
  const request = READERS[to.operation ?? "chat"](readObject(bytes), "1");
  const notes: string[] = [];
  const pieces = openai.write(
    request,
    { model: "theirs", profile: PROFILES[to.profile ?? "openai"], defaults: { ...to.defaults } },
    notes,
  );
  const text = Buffer.concat(pieces).toString();
  return { text, json: JSON.parse(text) as JsonRecord, notes };
}

const READERS = { chat: chat.read, completions: completions.read, embeddings: readEmbeddings };

export const messages = [{ role: "user", content: "hi" }];

/** A chat body, as a host of this profile gets it. */
export function chatTo(profile: ProfileName, more: object, defaults: object = {}): Written {
  return written({ model: "m", messages, ...more }, { profile, defaults });
}
