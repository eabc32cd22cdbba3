const HEADER = 16;
const MAGIC = 0x52535452; // RSTR
const VERSION = 1;
const LONGEST = 0xffff;
const MAX_ROWS = 100_000_000;
const MAX_BYTES = 2 ** 31;

/** A table of strings by row: ids, titles, genres. Layout: see recsys/bundle/strings.py. */
export class StringTable {
  private constructor(private readonly rows: readonly string[]) {}

  /** Throws when the bytes are not what their header says, or a row is not UTF-8 by itself. */
  static async parse(name: string, content: ArrayBuffer): Promise<StringTable> {
    const header = new DataView(content);
    if (content.byteLength < HEADER || header.getUint32(0) !== MAGIC) throw new Error(`${name}: not a string table`);
    if (header.getUint8(4) !== VERSION) {
      throw new Error(`${name}: string table version ${header.getUint8(4)}, this client reads ${VERSION}`);
    }
    const count = header.getUint32(8, true);
    const size = header.getUint32(12, true);
    if (count > MAX_ROWS || size > MAX_BYTES || size > count * LONGEST) {
      throw new Error(`${name}: the header promises ${count} rows of ${size} bytes, which no table holds`);
    }
    const raw = await unpack(name, content.slice(HEADER), 2 * count + size);
    const lengths = new DataView(raw.buffer, 0, 2 * count);
    let total = 0;
    for (let row = 0; row < count; row++) total += lengths.getUint16(2 * row, true);
    if (total !== size) throw new Error(`${name}: the lengths add up to ${total}, the text is ${size} bytes; damaged`);
    const decoder = new TextDecoder('utf-8', {fatal: true, ignoreBOM: true});
    const rows: string[] = [];
    let start = 2 * count;
    for (let row = 0; row < count; row++) {
      const end = start + lengths.getUint16(2 * row, true);
      try {
        rows.push(decoder.decode(raw.subarray(start, end)));
      } catch {
        throw new Error(`${name}: ${whatIsWrong(raw.subarray(2 * count), row)}; damaged`);
      }
      start = end;
    }
    return new StringTable(rows);
  }

  get length(): number {
    return this.rows.length;
  }

  get(row: number): string {
    return this.rows[row] ?? '';
  }

  all(): readonly string[] {
    return this.rows;
  }
}

/** Inflate to `expected` bytes and no more: a header vouches for nothing, and a small file may unpack to a huge one. */
async function unpack(name: string, packed: ArrayBuffer, expected: number): Promise<Uint8Array<ArrayBuffer>> {
  const reader = new Blob([packed]).stream().pipeThrough(new DecompressionStream('deflate')).getReader();
  const chunks: Uint8Array[] = [];
  let found = 0;
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      chunks.push(part.value);
      found += part.value.length;
      if (found > expected) break;
    }
  } catch (error) {
    throw new Error(`${name}: damaged (${(error as Error).message})`);
  } finally {
    void reader.cancel().catch(() => undefined);
  }
  if (found !== expected) throw new Error(`${name}: ${found} bytes unpacked, the header says ${expected}; damaged`);
  const raw = new Uint8Array(expected);
  let at = 0;
  for (const chunk of chunks) {
    raw.set(chunk, at);
    at += chunk.length;
  }
  return raw;
}

/** Whether the text as a whole is damaged, or only cut inside a character. */
function whatIsWrong(text: Uint8Array<ArrayBuffer>, row: number): string {
  try {
    new TextDecoder('utf-8', {fatal: true, ignoreBOM: true}).decode(text);
  } catch {
    return `row ${row} is not UTF-8`;
  }
  return `row ${row + 1} begins inside a character of row ${row}`;
}
