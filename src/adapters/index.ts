import type { Dialect } from "../core/request.ts";
import type { Adapter } from "./adapter.ts";
import { openai } from "./openai.ts";

/** Every upstream dialect: the whole list. */
export const ADAPTERS: Readonly<Record<Dialect, Adapter>> = { openai: openai as Adapter };
