import type { Embeddings } from "../adapters/adapter.ts";
import type { Answer } from "../core/answer.ts";
import type { EventStream } from "../core/event.ts";
import { Failure } from "../core/failure.ts";
import { dropped, type Note } from "../core/note.ts";
import type { EmbeddingRequest, ModelRequest, TextRequest } from "../core/request.ts";
import type { Usage } from "../core/usage.ts";
import { type Attempt, Attempts, type Witness } from "./attempt.ts";
import { estimateUsage } from "./estimate.ts";
import { fold } from "./fold.ts";
import { notKept } from "./answer-check.ts";
import { firstUp, type Resolver, type Target } from "./resolve.ts";

/** One request under way. */
export interface Run<T> {
  /** Known at once, before the backend has said anything. */
  readonly target: Target;
  /** Complete at once, but for what only the answer shows: of whole answers with the result, of streams at their end. */
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
  readonly #strict: boolean;

  /** `strict`: what a backend cannot keep of a request is an error instead of a note. */
  constructor(resolver: Resolver, witness: Witness, { strict }: { strict: boolean }) {
    this.#resolver = resolver;
    this.#attempts = new Attempts(witness);
    this.#strict = strict;
  }

  /** The answer as events, from its first real one on. */
  stream(request: TextRequest, signal: AbortSignal): Run<EventStream> {
    return this.#run(request, signal, (attempt) => this.#attempts.open(attempt));
  }

  /** The whole answer: the same stream, folded. */
  answer(request: TextRequest, signal: AbortSignal): Run<Answer> {
    return this.#run(request, signal, async (attempt) =>
      fold(await this.#attempts.open(attempt), request.answerDialect),
    );
  }

  /** Vectors for `/v1/embeddings`, in the order of the inputs. */
  embed(request: EmbeddingRequest, signal: AbortSignal): Run<Embeddings & { usage: Usage }> {
    return this.#run(request, signal, async (attempt) => {
      const { adapter } = attempt.target.backend;
      const { vectors, usage } = await this.#attempts.read(attempt, (body) => adapter.embeddings(body));
      const wanted = request.inputs().inputs.length;
      if (vectors.length !== wanted) throw wrongCount(vectors.length, wanted);
      noteLength(request, vectors[0]?.length, attempt);
      return { vectors, usage: usage ?? estimateUsage(request, 0) };
    });
  }

  #run<T>(request: ModelRequest, signal: AbortSignal, ask: (attempt: Attempt) => Promise<T>): Run<T> {
    const { targets, defaults, contextWindow } = this.#resolver.resolve(request.model);
    const target = firstUp({ targets });
    const notes: Note[] = [];
    const strict = this.#strict;
    const result = ask({ request, target, defaults, contextWindow, strict, signal, notes });
    // Whoever started the run awaits it, but perhaps only after something else.
    result.catch(() => {});
    return { target, notes, result };
  }
}

/** llama-server, for one, ignores the field: a client that stores vectors of a fixed length should not find out there. */
function noteLength(request: EmbeddingRequest, got: number | undefined, attempt: Attempt): void {
  const { dimensions: wanted } = request.inputs();
  if (wanted === undefined || wanted === got) return;
  const note = dropped("dimensions", `: the backend's vectors have ${got} numbers, not ${wanted}`);
  if (attempt.strict) throw notKept(note);
  attempt.notes.push(note);
}

function wrongCount(got: number, wanted: number): Failure {
  return new Failure("upstream_bad_response", `The backend answered ${wanted} inputs with ${got} vectors.`);
}
