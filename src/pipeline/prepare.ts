import type { Adapter, Destination } from "../adapters/adapter.ts";
import type { UpstreamRequest, UpstreamResponse } from "../backends/transport.ts";
import { Failure } from "../core/failure.ts";
import type { Note } from "../core/note.ts";
import type { ModelRequest, Operation } from "../core/request.ts";
import { AnswerCheck } from "./answer-check.ts";
import { estimateUsage } from "./estimate.ts";
import { expectedOf } from "./expected.ts";
import { readFailure, type ReadOptions, type Stage } from "./read.ts";
import type { Target } from "./resolve.ts";
import { ThinkSplitter } from "./think.ts";
import type { ThinkHabits } from "./think-habits.ts";
import { SingleCall } from "./single-call.ts";
import { translated } from "./translate.ts";
import type { Vault } from "./vault.ts";
import { VaultRecorder } from "./vault-recorder.ts";

/** One try of one request at one backend. */
export interface Attempt {
  request: ModelRequest;
  target: Target;
  defaults: Readonly<Record<string, unknown>>;
  /** The client's: aborting closes the connection to the backend at once. */
  signal: AbortSignal;
  /** Filled with what was dropped, renamed or emulated. */
  notes: Note[];
  /** Refuse what cannot be kept, instead of noting it. */
  strict: boolean;
  /** Tokens that the alias asks room for. */
  contextWindow: number | undefined;
}

/** What is remembered from one answer to the next requests. */
export interface Memory {
  vault: Vault;
  habits: ThinkHabits;
}

/** A request that is ready to be sent. */
export interface Prepared {
  /** Throws the backend's own failure when the answer is one. */
  ask(): Promise<UpstreamResponse>;
  /** How to read the answer. */
  reading(): ReadOptions;
}

/**
 * Writes the request at once, so that its notes are known however long it then waits for a slot: the head of the answer,
 * which carries them, may go out before.
 */
export function prepare(attempt: Attempt, memory: Memory): Prepared {
  const { request, target, defaults, signal, notes, strict } = attempt;
  const { backend, model } = target;
  const { profile, transport, timeouts, preset } = backend;
  const adapter = backend.adapterFor(request, model);
  if (!adapter.operations.has(request.operation)) throw without(request.operation);
  const { vault } = memory;
  const { asked, names } = translated(request, { adapter, profile, defaults, vault }, notes);
  const { path, body, headers, hints } = adapter.write(asked, destinationOf(attempt), notes);
  if (strict) refuseLosses(notes);
  // It will be sent: the engine makes the room for it, and what follows soon should not ask for another.
  if (hints?.context?.room !== undefined) backend.gaveRoom(model, hints.context.room);
  const sent: UpstreamRequest = {
    method: "POST",
    path,
    headers: headers ? { ...backend.headers, ...headers } : backend.headers,
    body,
    signal,
    timeouts,
    keepAlive: preset.keepAlive,
  };
  const ask = async () => {
    const response = await transport.send(sent);
    if (response.status >= 300) throw await readFailure(response, adapter);
    return response;
  };
  const reading = () => ({ ...readOptions(attempt, memory, adapter), hints, names });
  return { ask, reading };
}

/** Where the request goes, as far as an adapter needs to know. */
export function destinationOf({
  target: { backend, model },
  defaults,
  contextWindow = backend.contextWindow,
}: Pick<Attempt, "target" | "defaults" | "contextWindow">): Destination {
  return { model, profile: backend.profile, defaults, contextWindow, info: backend.models.get(model) };
}

function without(operation: Operation): Failure {
  return new Failure("unsupported", `This backend's API has no ${operation}.`, { param: "model" });
}

/** Who asked for strictness would rather have no answer than one to another request. */
function refuseLosses(notes: readonly Note[]): void {
  const lost = notes.find(({ kind }) => kind === "dropped");
  if (!lost) return;
  throw new Failure("unsupported", `${lost.message}, and this server is strict.`, { param: lost.field });
}

function readOptions(
  attempt: Attempt,
  memory: Memory,
  adapter: Adapter,
): Omit<ReadOptions, "hints" | "names"> {
  const { request, target } = attempt;
  return {
    adapter,
    profile: target.backend.profile,
    think: thinkSplitter(attempt, memory),
    stages: stagesFor(attempt, memory, adapter),
    stream: request.stream,
    ownStart: {
      id: `${ID_PREFIX[request.operation]}-${request.id}`,
      model: target.model,
      created: Math.floor(Date.now() / 1000),
    },
    estimate: (characters: number) => estimateUsage(request, characters),
  };
}

function thinkSplitter({ request, target }: Attempt, { habits }: Memory): ThinkSplitter | undefined {
  const { backend, model } = target;
  const { thinkTags } = backend.profile;
  if (thinkTags === "none" || request.operation !== "chat") return undefined;
  const known = habits.of(backend, model);
  // Words are held back only of a model that is said to think: every other one's first answer would come late for nothing.
  const thinks = thinkTags === "opened" || backend.models.get(model)?.capabilities?.reasoning === true;
  return new ThinkSplitter({
    whole: !request.stream,
    habit: known === "unknown" && !thinks ? "plain" : known,
    learn: (habit) => habits.learn(backend, model, habit),
  });
}

function stagesFor({ request, strict, notes }: Attempt, { vault }: Memory, { dialect }: Adapter): Stage[] {
  const stages: Stage[] = [];
  if (request.operation === "embeddings") return stages;
  // A client of the backend's own dialect has a place for its state.
  if (request.answerDialect !== dialect) {
    const recorder = new VaultRecorder(vault, request.owner ?? "");
    stages.push((events) => {
      recorder.see(events);
      return events;
    });
  }
  const expected = expectedOf(request, dialect);
  if (expected?.single) {
    const single = new SingleCall(expected.single.field, notes);
    stages.push((events) => single.pass(events));
  }
  if (expected) {
    const check = new AnswerCheck(expected, { strict, notes });
    stages.push((events) => check.pass(events));
  }
  return stages;
}

const ID_PREFIX = { chat: "chatcmpl", completions: "cmpl", embeddings: "emb" } as const;
