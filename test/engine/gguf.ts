/** A metadata value under the name of the type that the file stores it as. */
export type MetaValue =
  | { u32: number }
  | { f32: number }
  | { bool: boolean }
  | { text: string }
  | { texts: readonly string[] }
  | { i32s: readonly number[] }
  | { f32s: readonly number[] };

export interface Tensor {
  name: string;
  /** Fastest dimension first, as GGUF counts: a matrix of `rows` rows of `columns` numbers is `[columns, rows]`. */
  shape: readonly number[];
  values: Float32Array;
}

/** Numbers that the format gives to types; the only tensor type written here is F32, which is 0. */
const U32 = 4;
const I32 = 5;
const F32 = 6;
const BOOL = 7;
const TEXT = 8;
const ARRAY = 9;

const VERSION = 3;
/** What a reader assumes when `general.alignment` is absent. */
export const ALIGNMENT = 32;

/**
 * A GGUF file, version 3: header, metadata, tensor list, then the tensors' numbers, each from a multiple of 32 bytes
 * on. Throws when a tensor's numbers do not fill its shape.
 */
export function writeGguf(
  metadata: Readonly<Record<string, MetaValue>>,
  tensors: readonly Tensor[],
): Uint8Array {
  const out = new ByteSink();
  const entries = Object.entries(metadata);
  out.raw(new TextEncoder().encode("GGUF"));
  out.u32(VERSION);
  out.u64(tensors.length);
  out.u64(entries.length);
  for (const [key, value] of entries) {
    out.text(key);
    writeValue(out, value);
  }
  writeTensorList(out, tensors);
  for (const { values } of tensors) {
    out.align();
    out.raw(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  }
  out.align();
  return out.bytes();
}

function writeTensorList(out: ByteSink, tensors: readonly Tensor[]): void {
  let offset = 0;
  for (const { name, shape, values } of tensors) {
    const wanted = shape.reduce((product, size) => product * size, 1);
    if (wanted !== values.length)
      throw new Error(`tensor ${name}: ${values.length} numbers for ${wanted} places`);
    out.text(name);
    out.u32(shape.length);
    for (const size of shape) out.u64(size);
    out.u32(0);
    out.u64(offset);
    offset += Math.ceil(values.byteLength / ALIGNMENT) * ALIGNMENT;
  }
}

function writeValue(out: ByteSink, value: MetaValue): void {
  if ("u32" in value) {
    out.u32(U32);
    out.u32(value.u32);
  } else if ("f32" in value) {
    out.u32(F32);
    out.f32(value.f32);
  } else if ("bool" in value) {
    out.u32(BOOL);
    out.raw(Uint8Array.of(value.bool ? 1 : 0));
  } else if ("text" in value) {
    out.u32(TEXT);
    out.text(value.text);
  } else {
    out.u32(ARRAY);
    writeArray(out, value);
  }
}

function writeArray(
  out: ByteSink,
  value: Extract<MetaValue, { texts: unknown } | { i32s: unknown } | { f32s: unknown }>,
) {
  if ("texts" in value) {
    out.u32(TEXT);
    out.u64(value.texts.length);
    for (const text of value.texts) out.text(text);
  } else if ("i32s" in value) {
    out.u32(I32);
    out.u64(value.i32s.length);
    for (const number of value.i32s) out.i32(number);
  } else {
    out.u32(F32);
    out.u64(value.f32s.length);
    for (const number of value.f32s) out.f32(number);
  }
}

/** Little-endian bytes in a buffer that doubles when it is full. */
class ByteSink {
  #view = new DataView(new ArrayBuffer(1 << 16));
  #length = 0;

  u32(value: number): void {
    this.#view.setUint32(this.#claim(4), value, true);
  }

  i32(value: number): void {
    this.#view.setInt32(this.#claim(4), value, true);
  }

  f32(value: number): void {
    this.#view.setFloat32(this.#claim(4), value, true);
  }

  u64(value: number): void {
    this.#view.setBigUint64(this.#claim(8), BigInt(value), true);
  }

  text(value: string): void {
    const bytes = new TextEncoder().encode(value);
    this.u64(bytes.length);
    this.raw(bytes);
  }

  raw(bytes: Uint8Array): void {
    const at = this.#claim(bytes.length);
    new Uint8Array(this.#view.buffer).set(bytes, at);
  }

  align(): void {
    this.#claim((ALIGNMENT - (this.#length % ALIGNMENT)) % ALIGNMENT);
  }

  bytes(): Uint8Array {
    return new Uint8Array(this.#view.buffer.slice(0, this.#length));
  }

  /** Makes room for `size` bytes, all zero, and returns where they begin. */
  #claim(size: number): number {
    const at = this.#length;
    this.#length += size;
    let capacity = this.#view.byteLength;
    while (capacity < this.#length) capacity *= 2;
    if (capacity > this.#view.byteLength) {
      const grown = new Uint8Array(capacity);
      grown.set(new Uint8Array(this.#view.buffer, 0, at));
      this.#view = new DataView(grown.buffer);
    }
    return at;
  }
}
