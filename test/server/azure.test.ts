import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { backendTable } from "../backends/scene/config.ts";
import { type Running, startServer } from "./running.ts";

/** What Azure was asked: path, key header, and the model in the body. */
interface Asked {
  path: string;
  key: string | null;
  authorization: string | null;
  model: unknown;
}

const asked: Asked[] = [];
let azure: Bun.Server<undefined>;
let fairlead: Running;

beforeAll(async () => {
  azure = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    async fetch(request) {
      const { pathname, search } = new URL(request.url);
      const { headers } = request;
      const { model } = (await request.json()) as { model: unknown };
      const key = headers.get("api-key");
      asked.push({ path: pathname + search, key, authorization: headers.get("authorization"), model });
      return Response.json(pathname.endsWith("/responses") ? RESPONSE : COMPLETION);
    },
  });
  const url = `http://127.0.0.1:${azure.port}`;
  fairlead = await startServer({
    backends: [
      backendTable("new", "azure", { url, apiKey: "key-of-azure" }),
      backendTable("old", "azure", { url, apiKey: "key-of-azure", apiVersion: "2024-10-21" }),
    ],
  });
});
afterAll(async () => {
  await fairlead.stop();
  await azure.stop(true);
});

const COMPLETION = {
  id: "c",
  choices: [{ index: 0, message: { role: "assistant", content: "Moin." }, finish_reason: "stop" }],
};
const RESPONSE = {
  id: "resp_1",
  status: "completed",
  output: [{ type: "message", role: "assistant", content: [{ type: "output_text", text: "Moin." }] }],
};

async function ask(model: string): Promise<Asked | undefined> {
  const answer = await fairlead.post("/v1/chat/completions", {
    model,
    messages: [{ role: "user", content: "Moin" }],
  });
  const { choices } = (await answer.json()) as typeof COMPLETION;
  expect(choices[0]?.message.content).toBe("Moin.");
  return asked.at(-1);
}

describe("Azure OpenAI", () => {
  test("is asked at its current address, with its own header for the key and the deployment as the model", async () => {
    expect(await ask("new/gpt-at-work")).toEqual({
      path: "/openai/v1/chat/completions",
      key: "key-of-azure",
      authorization: null,
      model: "gpt-at-work",
    });
  });

  test("with a version of its API is asked at the address of the deployment", async () => {
    const { path } = (await ask("old/gpt-at-work")) ?? {};
    expect(path).toBe("/openai/deployments/gpt-at-work/chat/completions?api-version=2024-10-21");
  });

  test("is asked by Responses for a model that only exists there", async () => {
    expect((await ask("new/o3-pro"))?.path).toBe("/openai/v1/responses");
  });

  test("is asked by Responses when the client speaks it", async () => {
    const answer = await fairlead.post("/v1/responses", { model: "new/gpt-at-work", input: "Moin" });
    const { output } = (await answer.json()) as typeof RESPONSE;
    expect(output[0]?.content[0]?.text).toBe("Moin.");
    expect(asked.at(-1)?.path).toBe("/openai/v1/responses");
  });
});
