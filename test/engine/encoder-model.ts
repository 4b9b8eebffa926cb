import { writeGguf } from "./gguf.ts";
import type { MetaValue, Tensor } from "./gguf.ts";
import { filled, normals, scattered } from "./random.ts";
import type { Normals } from "./random.ts";
import { TOKEN_KIND, plainWords } from "./vocabulary.ts";
import type { TokenKind } from "./vocabulary.ts";

/** Numbers in a vector. */
export const DIMENSIONS = 64;
const LAYERS = 2;
const HEADS = 2;
const INNER = 128;
/** Longest input, in tokens. */
const CONTEXT = 512;
/** The model's vectors are the mean over an input's tokens. */
const POOLING_MEAN = 1;

/** An embedding model of BERT's architecture, its weights scattered around zero: texts that share words lie close. */
export function encoderModel(seed: number): Uint8Array {
  const next = normals(seed);
  const pieces = wordPieces();
  const tensors = [
    matrix("token_embd", [DIMENSIONS, pieces.length], 0.5, next),
    matrix("token_types", [DIMENSIONS, 2], 0.02, next),
    matrix("position_embd", [DIMENSIONS, CONTEXT], 0.05, next),
    ...norm("token_embd_norm"),
    ...Array.from({ length: LAYERS }, (_, at) => layer(`blk.${at}.`, next)).flat(),
  ];
  return writeGguf({ ...SHAPE, ...tokenizer(pieces) }, tensors);
}

function layer(prefix: string, next: Normals): Tensor[] {
  const linear = (name: string, columns: number, rows: number): Tensor[] => [
    matrix(prefix + name, [columns, rows], 0.08, next),
    { name: `${prefix}${name}.bias`, shape: [rows], values: filled(rows, 0) },
  ];
  return [
    ...["attn_q", "attn_k", "attn_v", "attn_output"].flatMap((name) => linear(name, DIMENSIONS, DIMENSIONS)),
    ...norm(`${prefix}attn_output_norm`),
    ...linear("ffn_up", DIMENSIONS, INNER),
    ...linear("ffn_down", INNER, DIMENSIONS),
    ...norm(`${prefix}layer_output_norm`),
  ];
}

function matrix(
  name: string,
  shape: [columns: number, rows: number],
  deviation: number,
  next: Normals,
): Tensor {
  return { name: `${name}.weight`, shape, values: scattered(next, shape[0] * shape[1], deviation) };
}

function norm(name: string): Tensor[] {
  return [
    { name: `${name}.weight`, shape: [DIMENSIONS], values: filled(DIMENSIONS, 1) },
    { name: `${name}.bias`, shape: [DIMENSIONS], values: filled(DIMENSIONS, 0) },
  ];
}

const SHAPE: Record<string, MetaValue> = {
  "general.architecture": { text: "bert" },
  "general.name": { text: "tiny-embed" },
  "general.file_type": { u32: 0 },
  "bert.context_length": { u32: CONTEXT },
  "bert.embedding_length": { u32: DIMENSIONS },
  "bert.block_count": { u32: LAYERS },
  "bert.feed_forward_length": { u32: INNER },
  "bert.attention.head_count": { u32: HEADS },
  "bert.attention.layer_norm_epsilon": { f32: 1e-12 },
  "bert.attention.causal": { bool: false },
  "bert.pooling_type": { u32: POOLING_MEAN },
};

interface Piece {
  text: string;
  kind: TokenKind;
}

/** llama.cpp marks the beginning of a word with this letter where BERT's own files mark the rest of it with `##`. */
const WORD_START = "\u2581";

/** Whole words, and every letter at a word's beginning and inside, so that no plain text is unknown. */
function wordPieces(): Piece[] {
  const marks: Piece[] = [
    { text: "[PAD]", kind: "control" },
    { text: "[UNK]", kind: "unknown" },
    { text: "[CLS]", kind: "control" },
    { text: "[SEP]", kind: "control" },
    { text: "[MASK]", kind: "control" },
  ];
  const printable = Array.from({ length: 94 }, (_, at) => String.fromCharCode(33 + at));
  const letters = printable.filter((letter) => letter === letter.toLowerCase());
  const starts = new Set([...plainWords(), ...letters]);
  const texts = [...Array.from(starts, (text) => WORD_START + text), ...letters];
  return [...marks, ...texts.map((text): Piece => ({ text, kind: "normal" }))];
}

function tokenizer(pieces: readonly Piece[]): Record<string, MetaValue> {
  const id = (text: string) => ({ u32: pieces.findIndex((piece) => piece.text === text) });
  return {
    "tokenizer.ggml.model": { text: "bert" },
    "tokenizer.ggml.pre": { text: "default" },
    "tokenizer.ggml.token_type_count": { u32: 2 },
    "tokenizer.ggml.tokens": { texts: pieces.map((piece) => piece.text) },
    "tokenizer.ggml.token_type": { i32s: pieces.map((piece) => TOKEN_KIND[piece.kind]) },
    "tokenizer.ggml.bos_token_id": id("[CLS]"),
    "tokenizer.ggml.cls_token_id": id("[CLS]"),
    "tokenizer.ggml.eos_token_id": id("[SEP]"),
    // The format's own spelling.
    "tokenizer.ggml.seperator_token_id": id("[SEP]"),
    "tokenizer.ggml.unknown_token_id": id("[UNK]"),
    "tokenizer.ggml.padding_token_id": id("[PAD]"),
    "tokenizer.ggml.mask_token_id": id("[MASK]"),
  };
}
