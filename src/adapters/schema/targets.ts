import type { SchemaTarget } from "./compile.ts";

/** Gemini's own schemas: `parameters` of functions, `responseSchema`. Every other keyword is answered with 400. */
export const GEMINI_SCHEMA: SchemaTarget = {
  keeps: (keyword, value) =>
    GEMINI_KEYWORDS.has(keyword) || (keyword === "format" && GEMINI_FORMATS.has(String(value))),
  nullable: true,
  stringEnums: true,
  additional: "unknown",
};

/** What Gemini's newer models take as `responseJsonSchema`: JSON Schema in its own spelling, though not all of it. */
export const GEMINI_JSON_SCHEMA: SchemaTarget = {
  keeps: (keyword, value) =>
    GEMINI_JSON_KEYWORDS.has(keyword) ||
    (keyword === "format" && ["date-time", "date", "time"].includes(String(value))),
  nullable: false,
  stringEnums: false,
  additional: "kept",
};

/** Anthropic's structured output and strict tools: no limits of numbers, lengths or counts, and every object closed. */
export const ANTHROPIC_SCHEMA: SchemaTarget = {
  keeps: (keyword, value) =>
    ["title", "default", "pattern"].includes(keyword) ||
    (keyword === "minItems" && (value === 0 || value === 1)) ||
    (keyword === "format" && ANTHROPIC_FORMATS.has(String(value))),
  nullable: false,
  stringEnums: false,
  additional: "closed",
};

const words = (text: string): ReadonlySet<string> => new Set(text.split(" "));

const GEMINI_KEYWORDS = words(
  "title default minimum maximum minItems maxItems minLength maxLength minProperties maxProperties pattern propertyOrdering",
);
const GEMINI_FORMATS = words("enum date-time float double int32 int64");
const GEMINI_JSON_KEYWORDS = words("title minimum maximum minItems maxItems prefixItems propertyOrdering");
const ANTHROPIC_FORMATS = words("date-time time date duration email hostname uri ipv4 ipv6 uuid");
