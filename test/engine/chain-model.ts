import { wishes } from "./chain.ts";
import type { ChainKind } from "./chain.ts";
import { chatTemplate } from "./chat-template.ts";
import { writeGguf } from "./gguf.ts";
import type { MetaValue, Tensor } from "./gguf.ts";
import { filled, normals, scattered } from "./random.ts";
import type { Normals } from "./random.ts";
import { CLASSES, END_OF_TEXT, TOKEN_KIND, TURN_END, vocabulary } from "./vocabulary.ts";
import type { Token } from "./vocabulary.ts";

/** Numbers per token; a vision projector must give its images as many. */
export const WIDTH = 64;
const LAYERS = 2;
const HEADS = 2;
const INNER = 128;
/** What the model claims to have been trained for: room for tests with long prompts. */
const CONTEXT = 32_768;

/** How much of a state is its class and how much is each of the numbers that are left over. */
const CLASS_SHARE = 4;
const NOISE_SHARE = 0.3;

/**
 * A llama that walks a Markov chain. A token's embedding is its class, one-hot, and noise in the numbers left over; the
 * output matrix holds for each class the logits of what may follow. The two layers are real but write only into the
 * noise, through which the whole prompt has a small say in every choice.
 */
export function chainModel(kind: ChainKind, seed: number): Uint8Array {
  const next = normals(seed);
  const tokens = vocabulary();
  const tensors = [
    ...ends(kind, tokens, next),
    ...Array.from({ length: LAYERS }, (_, at) => layer(at, next)).flat(),
  ];
  return writeGguf(
    { ...shape(kind, tokens), ...tokenizer(tokens), "tokenizer.chat_template": { text: chatTemplate(kind) } },
    tensors,
  );
}

/** Embeddings and output matrix: the chain itself. */
function ends(kind: ChainKind, tokens: readonly Token[], next: Normals): Tensor[] {
  const noise = WIDTH - CLASSES.length;
  // The output norm divides by this, so the output matrix multiplies by it.
  const norm = Math.sqrt((CLASS_SHARE ** 2 + noise * NOISE_SHARE ** 2) / WIDTH);
  const rows = CLASSES.map((from) => wishes(kind, from, tokens));
  const embedding = new Float32Array(tokens.length * WIDTH);
  const output = new Float32Array(tokens.length * WIDTH);
  tokens.forEach((token, at) => {
    // Only words have tastes and moods: what gives an answer its shape is wished for exactly as the chain says.
    const word = token.kind === "normal" && token.spelling.length > 1;
    const taste = word ? 0.3 * next() : 0;
    CLASSES.forEach((is, column) => {
      embedding[at * WIDTH + column] = token.class === is ? CLASS_SHARE : 0;
      output[at * WIDTH + column] = (((rows[column]?.[at] ?? 0) + taste) * norm) / CLASS_SHARE;
    });
    embedding.set(scattered(next, noise, NOISE_SHARE), at * WIDTH + CLASSES.length);
    if (word) output.set(scattered(next, noise, 0.12), at * WIDTH + CLASSES.length);
  });
  return [
    { name: "token_embd.weight", shape: [WIDTH, tokens.length], values: embedding },
    { name: "output_norm.weight", shape: [WIDTH], values: filled(WIDTH, 1) },
    { name: "output.weight", shape: [WIDTH, tokens.length], values: output },
  ];
}

function layer(at: number, next: Normals): Tensor[] {
  const matrix = (name: string, columns: number, rows: number, deviation: number): Tensor => ({
    name: `blk.${at}.${name}.weight`,
    shape: [columns, rows],
    values: scattered(next, columns * rows, deviation),
  });
  /** A matrix whose result is added to the state: it leaves the class alone. */
  const writing = (name: string, columns: number, deviation: number): Tensor => {
    const tensor = matrix(name, columns, WIDTH, deviation);
    tensor.values.fill(0, 0, columns * CLASSES.length);
    return tensor;
  };
  const norm = (name: string): Tensor => ({
    name: `blk.${at}.${name}.weight`,
    shape: [WIDTH],
    values: filled(WIDTH, 1),
  });
  return [
    norm("attn_norm"),
    ...["attn_q", "attn_k", "attn_v"].map((name) => matrix(name, WIDTH, WIDTH, 0.12)),
    writing("attn_output", WIDTH, 0.04),
    norm("ffn_norm"),
    ...["ffn_gate", "ffn_up"].map((name) => matrix(name, WIDTH, INNER, 0.1)),
    writing("ffn_down", INNER, 0.02),
  ];
}

function shape(kind: ChainKind, tokens: readonly Token[]): Record<string, MetaValue> {
  return {
    "general.architecture": { text: "llama" },
    "general.name": { text: `tiny-${kind}` },
    "general.file_type": { u32: 0 },
    "llama.vocab_size": { u32: tokens.length },
    "llama.context_length": { u32: CONTEXT },
    "llama.embedding_length": { u32: WIDTH },
    "llama.block_count": { u32: LAYERS },
    "llama.feed_forward_length": { u32: INNER },
    "llama.attention.head_count": { u32: HEADS },
    "llama.attention.head_count_kv": { u32: HEADS },
    "llama.attention.layer_norm_rms_epsilon": { f32: 1e-5 },
    "llama.rope.dimension_count": { u32: WIDTH / HEADS },
    "llama.rope.freq_base": { f32: 10_000 },
  };
}

function tokenizer(tokens: readonly Token[]): Record<string, MetaValue> {
  const id = (name: string) => ({ u32: tokens.findIndex((token) => token.name === name) });
  return {
    "tokenizer.ggml.model": { text: "gpt2" },
    // The one splitter that looks a whole word up before it thinks of merging letters: no merges are needed.
    "tokenizer.ggml.pre": { text: "llama-bpe" },
    "tokenizer.ggml.tokens": { texts: tokens.map((token) => token.spelling) },
    "tokenizer.ggml.token_type": { i32s: tokens.map((token) => TOKEN_KIND[token.kind]) },
    "tokenizer.ggml.merges": { texts: [] },
    "tokenizer.ggml.bos_token_id": id(END_OF_TEXT),
    "tokenizer.ggml.eos_token_id": id(TURN_END),
    "tokenizer.ggml.padding_token_id": id(END_OF_TEXT),
    "tokenizer.ggml.add_bos_token": { bool: false },
    "tokenizer.ggml.add_eos_token": { bool: false },
  };
}
