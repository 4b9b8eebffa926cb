import { WIDTH } from "./chain-model.ts";
import { writeGguf } from "./gguf.ts";
import type { MetaValue, Tensor } from "./gguf.ts";
import { filled, normals, scattered } from "./random.ts";
import type { Normals } from "./random.ts";

/** Edge of the square that every image is scaled to, and of the patches it is cut into, in pixels. */
const IMAGE = 64;
const PATCH = 8;
const PATCHES = (IMAGE / PATCH) ** 2;
/** Each square of 2 x 2 patches becomes one token: 16 tokens per image. */
const SCALE = 2;
const EYE = 32;
const INNER = 64;
const HEADS = 2;

/** The other half of a vision model (llama-server's `--mmproj`): pictures to as many numbers as a chain's tokens have. */
export function visionProjector(seed: number): Uint8Array {
  const next = normals(seed);
  const tensors = [
    {
      name: "v.patch_embd.weight",
      shape: [PATCH, PATCH, 3, EYE],
      values: scattered(next, PATCH * PATCH * 3 * EYE, 0.05),
    },
    { name: "v.patch_embd.bias", shape: [EYE], values: filled(EYE, 0) },
    { name: "v.position_embd.weight", shape: [EYE, PATCHES], values: scattered(next, EYE * PATCHES, 0.05) },
    ...layer(next),
    ...norm("v.post_ln"),
    { name: "mm.soft_emb_norm.weight", shape: [EYE], values: filled(EYE, 1) },
    { name: "mm.input_projection.weight", shape: [WIDTH, EYE], values: scattered(next, WIDTH * EYE, 0.1) },
  ];
  return writeGguf(SHAPE, tensors);
}

/** Something to show it: a PNG of 8 x 8 blue pixels, as a data URL. */
export const PICTURE =
  "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAAEUlEQVR42mNQSDiAFTEMLQkAGplQAUPYyIYAAAAASUVORK5CYII=";

function layer(next: Normals): Tensor[] {
  const linear = (name: string, columns: number, rows: number): Tensor[] => [
    { name: `v.blk.0.${name}.weight`, shape: [columns, rows], values: scattered(next, columns * rows, 0.1) },
    { name: `v.blk.0.${name}.bias`, shape: [rows], values: filled(rows, 0) },
  ];
  return [
    ...norm("v.blk.0.ln1"),
    ...["attn_q", "attn_k", "attn_v", "attn_out"].flatMap((name) => linear(name, EYE, EYE)),
    ...norm("v.blk.0.ln2"),
    ...linear("ffn_up", EYE, INNER),
    ...linear("ffn_down", INNER, EYE),
  ];
}

function norm(name: string): Tensor[] {
  return [
    { name: `${name}.weight`, shape: [EYE], values: filled(EYE, 1) },
    { name: `${name}.bias`, shape: [EYE], values: filled(EYE, 0) },
  ];
}

const GREY = { f32s: [0.5, 0.5, 0.5] };

/** Gemma 3's kind of projector: the one that needs the fewest parts. */
const SHAPE: Record<string, MetaValue> = {
  "general.architecture": { text: "clip" },
  "general.type": { text: "mmproj" },
  "general.name": { text: "tiny-mmproj" },
  "general.file_type": { u32: 0 },
  "clip.has_vision_encoder": { bool: true },
  "clip.projector_type": { text: "gemma3" },
  "clip.use_gelu": { bool: true },
  "clip.vision.image_size": { u32: IMAGE },
  "clip.vision.patch_size": { u32: PATCH },
  "clip.vision.image_mean": GREY,
  "clip.vision.image_std": GREY,
  "clip.vision.embedding_length": { u32: EYE },
  "clip.vision.feed_forward_length": { u32: INNER },
  "clip.vision.block_count": { u32: 1 },
  "clip.vision.attention.head_count": { u32: HEADS },
  "clip.vision.attention.layer_norm_epsilon": { f32: 1e-6 },
  "clip.vision.projection_dim": { u32: WIDTH },
  "clip.vision.projector.scale_factor": { u32: SCALE },
};
