import type { RawObject } from "../../core/request.ts";
import { flag, modelName, wantsUsage } from "./body.ts";

/** An answer: its body, one item per network read, made only when it is read. */
export interface EchoAnswer {
  contentType: string;
  reads: Iterable<string>;
}

/** The fields that every chunk of one answer repeats. */
interface Envelope {
  id: string;
  object: string;
  created: number;
  model: string;
}

interface TokenCount {
  prompt_tokens: number;
  completion_tokens: number;
  total_tokens: number;
}

/** The same answer in both forms that a client may ask for. */
interface Generation {
  /** Of the id: `chatcmpl`. */
  prefix: string;
  object: { whole: string; chunk: string };
  choices: readonly Choice[];
  usage: TokenCount;
}

/** One of the answers to one request. */
export interface Choice {
  /** As it stands in `choices` of a whole answer, without its index. */
  whole(): object;
  /** As it stands in the `choices` of one chunk after the other. */
  parts(): Iterator<ChunkPart>;
}

/** One entry of a chunk's `choices`, without its index. */
export type ChunkPart = Record<string, unknown>;

/** Writes what was generated as the request asks: a stream of chunks, or one document. */
export function answer(body: RawObject, { prefix, object, choices, usage }: Generation): EchoAnswer {
  const streamed = flag(body, "stream");
  const envelope: Envelope = {
    id: `${prefix}-${crypto.randomUUID().replaceAll("-", "")}`,
    object: streamed ? object.chunk : object.whole,
    created: Math.floor(Date.now() / 1000),
    model: modelName(body),
  };
  if (streamed) {
    const asked = wantsUsage(body) ? usage : undefined;
    return { contentType: "text/event-stream; charset=utf-8", reads: frames(envelope, choices, asked) };
  }
  const written = choices.map((choice, index) => ({ index, ...choice.whole() }));
  return json([JSON.stringify({ ...envelope, choices: written, usage })]);
}

/** One JSON document, in as many pieces as `reads` has. */
export function json(reads: Iterable<string>): EchoAnswer {
  return { contentType: "application/json", reads };
}

/** One chunk per read, the choices taking turns; with usage asked for, every chunk but the last says `null`. */
function* frames(
  envelope: Envelope,
  choices: readonly Choice[],
  usage: TokenCount | undefined,
): Generator<string> {
  const pending = usage && { usage: null };
  for (const [index, part] of inTurn(choices.map((choice) => choice.parts())))
    yield frame({ ...envelope, choices: [{ index, ...part }], ...pending });
  if (usage) yield frame({ ...envelope, choices: [], usage });
  yield "data: [DONE]\n\n";
}

function frame(chunk: object): string {
  return `data: ${JSON.stringify(chunk)}\n\n`;
}

/** The next item of each track in turn, with the track's number, until all are done. */
function* inTurn<T>(tracks: readonly Iterator<T>[]): Generator<[number, T]> {
  let running = tracks.map((track, index) => ({ track, index }));
  while (running.length > 0) {
    const still: typeof running = [];
    for (const entry of running) {
      const next = entry.track.next();
      if (next.done) continue;
      still.push(entry);
      yield [entry.index, next.value];
    }
    running = still;
  }
}
