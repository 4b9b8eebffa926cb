import { chainModel } from "./chain-model.ts";
import { encoderModel } from "./encoder-model.ts";
import { visionProjector } from "./vision-projector.ts";

/**
 * - `chat` says a sentence or a few, now and then with a character of several tokens, and ends by itself;
 * - `think` opens `<think>`, closes it, then says its sentences;
 * - `tool` calls a tool whenever it is given any, sometimes two, and says sentences after a tool's result;
 * - `embed` turns text into 64 numbers;
 * - `mmproj` is no model but the eyes that any of the first three can be given.
 */
export type TinyKind = "chat" | "think" | "tool" | "embed" | "mmproj";

/** A GGUF file of under a megabyte that a real llama-server loads. The same kind and seed give the same bytes. */
export function tinyModel(kind: TinyKind, seed = 1): Uint8Array {
  switch (kind) {
    case "embed":
      return encoderModel(seed);
    case "mmproj":
      return visionProjector(seed);
    default:
      return chainModel(kind, seed);
  }
}
