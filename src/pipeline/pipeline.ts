import type { Embeddings } from "../adapters/adapter.ts";
import type { Answer } from "../core/answer.ts";
import type { EventStream } from "../core/event.ts";
import { Failure } from "../core/failure.ts";
import type { ModelRequest, Note } from "../core/request.ts";
import type { Usage } from "../core/usage.ts";
import { type Attempt, Attempts, type Witness } from "./attempt.ts";
import { estimateUsage } from "./estimate.ts";
import { fold } from "./fold.ts";
import type { Resolver, Target } from "./resolve.ts";

/** One request under way. */
export interface Run<T> {
  /** Known at once, before the backend has said anything. */
  readonly target: Target;
  /** Complete at once; of whole answers and vectors, with the result. */
  readonly notes: readonly Note[];
  /** Rejects with a Failure as long as nothing was said. */
  readonly result: Promise<T>;
}

/**
 * One request's life: resolve, admit, attempt, read, normalise. Every method throws `model_not_found` (or `invalid_request`,
 * when no model was named) at once.
 */
export class Pipeline {
  readonly #resolver: Resolver;
  readonly #attempts: Attempts;

  constructor(resolver: Resolver, witness: Witness) {
    this.#resolver = resolver;
    this.#attempts = new Attempts(witness);
  }

  /** The answer as events, from its first real one on. */
  stream(request: ModelRequest, signal: AbortSignal): Run<EventStream> {
    return this.#run(request, signal, (attempt) => this.#attempts.open(attempt));
  }

  /** The whole answer: the same stream, folded. */
  answer(request: ModelRequest, signal: AbortSignal): Run<Answer> {
    return this.#run(request, signal, async (attempt) => {
      const answer = await fold(await this.#attempts.open(attempt), request.dialect);
      noteChoices(request, answer.choices.length, attempt.notes);
      return answer;
    });
  }

  /** Vectors for `/v1/embeddings`, in the order of the inputs. */
  embed(request: ModelRequest, signal: AbortSignal): Run<Embeddings & { usage: Usage }> {
    return this.#run(request, signal, async (attempt) => {
      const { adapter } = attempt.target.backend;
      const { vectors, usage } = await this.#attempts.read(attempt, (body) => adapter.embeddings(body));
      const wanted = inputsOf(request);
      if (vectors.length !== wanted) throw wrongCount(vectors.length, wanted);
      noteLength(request, vectors[0]?.length, attempt.notes);
      return { vectors, usage: usage ?? estimateUsage(request, 0) };
    });
  }

  #run<T>(request: ModelRequest, signal: AbortSignal, ask: (attempt: Attempt) => Promise<T>): Run<T> {
    const { targets, defaults } = this.#resolver.resolve(request.model);
    // The first one that is not known to be down; if all are, the first one's failure tells why.
    const target = targets.find(({ backend }) => backend.state !== "disconnected") ?? targets[0];
    if (!target) throw new Error("a resolved model has no target");
    const notes: Note[] = [];
    const result = ask({ request, target, defaults, signal, notes });
    // Whoever started the run awaits it, but perhaps only after something else.
    result.catch(() => {});
    return { target, notes, result };
  }
}

/** A text or a list of tokens is one input, a list of either as many as it has entries. */
function inputsOf({ body }: ModelRequest): number {
  const input = body.value("input");
  return Array.isArray(input) && typeof input[0] !== "number" ? input.length : 1;
}

/** Ollama's /v1 and others ignore the field. Of a stream it is known too late for a header. */
function noteChoices({ body }: ModelRequest, got: number, notes: Note[]): void {
  const wanted = body.value("n");
  if (typeof wanted === "number" && got < wanted) {
    notes.push(`n was not kept: the backend gave ${got} of ${wanted} choices`);
  }
}

/** llama-server, for one, ignores the field: a client that stores vectors of a fixed length should not find out there. */
function noteLength({ body }: ModelRequest, got: number | undefined, notes: Note[]): void {
  const wanted = body.value("dimensions");
  if (typeof wanted !== "number" || wanted === got) return;
  notes.push(`dimensions was ignored by the backend: its vectors have ${got} numbers, not ${wanted}`);
}

function wrongCount(got: number, wanted: number): Failure {
  return new Failure("upstream_bad_response", `The backend answered ${wanted} inputs with ${got} vectors.`);
}
