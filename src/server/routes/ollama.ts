import { Elysia } from "elysia";
import { EmbedBody, OldEmbeddingsBody } from "../../api/ollama/embed.ts";
import { ShowBody, writePs, writeShow, writeTags, writeVersion } from "../../api/ollama/models.ts";
import { GenerateBody, modelIn, OllamaChatBody, ollamaChat, ollamaGenerate } from "../../api/ollama.ts";
import { readObject } from "../../api/body.ts";
import { Failure } from "../../core/failure.ts";
import { readBody } from "../body.ts";
import type { Calls } from "../call.ts";
import type { Deps } from "../deps.ts";
import { isTaken } from "../endpoints.ts";
import { withBody } from "../openapi.ts";
import { jsonAnswer, ownAnswer } from "../respond.ts";
import type { RouteContext } from "./model-request.ts";
import { answerEmbed, answerOldEmbeddings, answerOllama } from "./ollama-answers.ts";
import { inOllamasWords, nameHere, running } from "./ollama-names.ts";

/** One of them: what it answers, and how openapi.json describes it. */
interface Route {
  method: "GET" | "POST" | "DELETE";
  path: string;
  answer(context: RouteContext): Response | Promise<Response>;
  detail: ReturnType<typeof described>;
}

/**
 * Ollama's own API in front of every model, for clients that speak nothing else. A route that the user's configuration has
 * an endpoint for is left to that.
 */
export function ollamaRoutes(deps: Deps, calls: Calls) {
  const app = new Elysia();
  for (const route of [...asking(deps, calls), ...looking(deps, calls), ...managing()]) {
    const { method, path, answer, detail } = route;
    if (isTaken(deps.config.endpoints, route)) continue;
    // By name: Elysia reads a handler's source to see what it must prepare.
    app.route(method, path, ({ request, server }) => answer({ request, server }), { parse: "none", detail });
  }
  return app;
}

function asking(deps: Deps, calls: Calls): Route[] {
  const kit = { deps, calls };
  return [
    {
      method: "POST",
      path: "/api/chat",
      answer: (context) => answerOllama(ollamaChat(), context, kit),
      detail: described("Ask a model to continue a conversation, as Ollama's API does", OllamaChatBody),
    },
    {
      method: "POST",
      path: "/api/generate",
      answer: (context) => answerOllama(ollamaGenerate(), context, kit),
      detail: described("Ask a model one question, or to continue a text", GenerateBody),
    },
    {
      method: "POST",
      path: "/api/embed",
      answer: (context) => answerEmbed(context, kit),
      detail: described("Turn texts into vectors, as Ollama's API does", EmbedBody),
    },
    {
      method: "POST",
      path: "/api/embeddings",
      answer: (context) => answerOldEmbeddings(context, kit),
      detail: described("Turn one text into a vector, as Ollama's older route does", OldEmbeddingsBody),
    },
  ];
}

/** Answered from what is known, no backend is asked. */
function looking(deps: Deps, calls: Calls): Route[] {
  const { resolver, firstRound } = deps;
  const listed = (write: () => string) => async (context: RouteContext) => {
    await firstRound;
    return jsonAnswer(calls.of(context.request), write());
  };
  return [
    {
      method: "GET",
      path: "/",
      answer: ({ request }) => ownAnswer(calls.of(request), new Response("Ollama is running")),
      detail: described("Is it there? Ollama's clients ask before anything else, and look for its words"),
    },
    {
      method: "GET",
      path: "/api/version",
      answer: ({ request }) => jsonAnswer(calls.of(request), writeVersion()),
      detail: described("The version of Ollama's API that is spoken"),
    },
    {
      method: "GET",
      path: "/api/tags",
      answer: listed(() => writeTags(resolver.list())),
      detail: described("List the models, as Ollama's API does"),
    },
    {
      method: "GET",
      path: "/api/ps",
      answer: listed(() => writePs(running(deps))),
      detail: described("List the models that are in memory, or need not be"),
    },
    {
      method: "POST",
      path: "/api/show",
      answer: ({ request }) => show(request, { deps, calls }),
      detail: described("Describe one model, as Ollama's API does", ShowBody),
    },
  ];
}

async function show(request: Request, { deps, calls }: { deps: Deps; calls: Calls }): Promise<Response> {
  const name = modelIn(readObject(await readBody(request, deps.config.server.bodyMax)));
  await deps.firstRound;
  const model = await inOllamasWords(name, async () => deps.resolver.describe(nameHere(name, deps)));
  return jsonAnswer(calls.of(request), writeShow(model));
}

const MANAGING = [
  "POST /api/pull",
  "POST /api/push",
  "POST /api/create",
  "POST /api/copy",
  "DELETE /api/delete",
];

/** What is done to the models themselves. */
function managing(): Route[] {
  return [...MANAGING, "POST /api/blobs/:digest"].map((route) => {
    const [method, path = ""] = route.split(" ");
    return {
      method: method === "DELETE" ? method : "POST",
      path,
      answer: () => {
        throw new Failure("not_found", `${path} is not answered here: models are managed by their backends.`);
      },
      detail: described("Not answered: models are managed by their backends"),
    };
  });
}

function described(summary: string, body?: object) {
  const detail = { summary, tags: ["ollama"], responses: ANSWERS };
  return body === undefined ? detail : { ...detail, ...withBody({ ...detail, body }) };
}

const ERROR = {
  type: "object" as const,
  required: ["error"],
  properties: { error: { type: "string" as const } },
};

const ANSWERS = {
  200: { description: "The answer." },
  default: {
    description: "Ollama's error object.",
    content: { "application/json": { schema: ERROR } },
  },
};
