import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { chat } from "./clients/chat.ts";
import { messages } from "./clients/messages.ts";
import { ollama as ollamaClient } from "./clients/ollama.ts";
import { responses as responsesClient } from "./clients/responses.ts";
import { FEATURES } from "./features.ts";
import { anthropic } from "./hosts/anthropic.ts";
import { gemini } from "./hosts/gemini.ts";
import { ollama } from "./hosts/ollama.ts";
import { openai } from "./hosts/openai.ts";
import { responses } from "./hosts/responses.ts";
import { type Cell, judge } from "./judge.ts";
import { type Harbour, openHarbour } from "./pairs.ts";
import { pageOf } from "./page.ts";

/**
 * Every client dialect against every host dialect, feature by feature. What came of it is the table of
 * `docs/translation.md`, which must say what is true: `FAIRLEAD_WRITE_EVENTS=1` writes it anew.
 */
const CLIENTS = [chat, responsesClient, messages, ollamaClient];
const HOSTS = [openai, responses, anthropic, gemini, ollama];

let harbour: Harbour;
beforeAll(async () => {
  harbour = await openHarbour(HOSTS);
});
afterAll(() => harbour[Symbol.asyncDispose]());

const cells = new Map<string, Cell>();

for (const client of CLIENTS) {
  for (const host of HOSTS) {
    describe(`a client of ${client.name} and a host of ${host.name}`, () => {
      test.each(FEATURES.map((feature) => [feature.name, feature] as const))(
        "understand each other, or know what was lost: %s",
        async (name, feature) => {
          const cell = judge(await harbour.ask(client, host, feature));
          cells.set(`${client.name} ${host.name} ${name}`, cell);
        },
      );
    });
  }
}

test("the page on translation says what is true", () => {
  const page = pageOf(CLIENTS, HOSTS, FEATURES, cells);
  const path = join(import.meta.dir, "../../docs/translation.md");
  if (process.env.FAIRLEAD_WRITE_EVENTS === "1") writeFileSync(path, page);
  expect(readFileSync(path, "utf8")).toBe(page);
});
