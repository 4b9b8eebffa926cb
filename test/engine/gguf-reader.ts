/** A GGUF file taken apart again, with nothing in common with the writer: what a loader would see. */
export interface GgufFile {
  metadata: Map<string, unknown>;
  /** In the file's order; `offset` counts from `dataStart`, `bytes` is what the shape needs. */
  tensors: { name: string; offset: number; bytes: number }[];
  dataStart: number;
}

/** Throws when the bytes are not a GGUF file of version 3 with F32 tensors, or end too early. */
export function readGguf(file: Uint8Array): GgufFile {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  let at = 0;
  const u32 = () => view.getUint32((at += 4) - 4, true);
  const u64 = () => Number(view.getBigUint64((at += 8) - 8, true));
  const text = () => {
    const length = u64();
    at += length;
    if (at > file.length) throw new Error("a text ends behind the file");
    return new TextDecoder("utf-8", { fatal: true }).decode(file.subarray(at - length, at));
  };
  const value = (type: number): unknown => {
    if (type === 4) return u32();
    if (type === 5) return view.getInt32((at += 4) - 4, true);
    if (type === 6) return view.getFloat32((at += 4) - 4, true);
    if (type === 7) return view.getUint8(at++) === 1;
    if (type === 8) return text();
    if (type !== 9) throw new Error(`unknown type ${type} at ${at}`);
    const element = u32();
    return Array.from({ length: u64() }, () => value(element));
  };

  if (u32() !== 0x46554747 || u32() !== 3) throw new Error("not a GGUF file of version 3");
  const tensorCount = u64();
  const metadata = new Map(Array.from({ length: u64() }, () => [text(), value(u32())]));
  const tensors = Array.from({ length: tensorCount }, () => {
    const name = text();
    const places = Array.from({ length: u32() }, u64).reduce((product, size) => product * size, 1);
    if (u32() !== 0) throw new Error(`${name} is not F32`);
    return { name, bytes: places * 4, offset: u64() };
  });
  return { metadata, tensors, dataStart: Math.ceil(at / 32) * 32 };
}
