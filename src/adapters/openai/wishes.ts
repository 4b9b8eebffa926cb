import { createHash } from "node:crypto";
import type { JsonRecord } from "../../core/json.ts";
import { dropped, type Note } from "../../core/note.ts";
import type { Prompt } from "../../core/prompt.ts";
import type { Destination } from "../adapter.ts";
import { noteUnknown } from "../client-fields.ts";

/** What the client wishes beside: how long to write, how fast to be served, and what only this dialect knows. */
export function writeWishes(prompt: Prompt, to: Destination, notes: Note[]): JsonRecord {
  const { verbosity, serviceTier, carried } = prompt;
  const { fields } = to.profile;
  const written: JsonRecord = {};
  if (verbosity !== undefined && fields.includes("verbosity")) written.verbosity = verbosity;
  else if (verbosity !== undefined && verbosity !== "medium")
    notes.push(dropped("verbosity", ": this backend is not known to take it"));
  if (serviceTier !== undefined && fields.includes("service_tier")) written.service_tier = serviceTier;
  else if (serviceTier !== undefined && serviceTier !== "auto" && serviceTier !== "default")
    notes.push(dropped("service_tier", ": this backend has only one"));
  // An alias' defaults are in this dialect, and OpenAI's two share some fields.
  const taken = (name: string) => carried?.dialect === "openai" || fields.includes(name);
  for (const [name, value] of Object.entries(carried?.fields ?? {})) if (taken(name)) written[name] = value;
  noteUnknown(prompt, ": chat has no such field", notes, taken);
  return written;
}

/** Longest name of a user that OpenAI takes, characters. */
const USER_MAX = 64;

/** Who the user is; a longer name, which Claude Code has, as one that is as good to tell users apart. */
export function writeUser({ user }: Pick<Prompt, "user">): JsonRecord {
  if (user === undefined) return {};
  return { user: user.length <= USER_MAX ? user : createHash("sha256").update(user).digest("hex") };
}
