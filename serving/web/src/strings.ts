/** A table of strings by row: ids, titles, genres. Layout: see recsys/bundle/strings.py. */
export class StringTable {
  private constructor(private readonly rows: readonly string[]) {}

  /** Throws when the bytes are not what their header says. */
  static async parse(name: string, content: ArrayBuffer): Promise<StringTable> {
    const header = new DataView(content);
    if (content.byteLength < 16 || header.getUint32(0) !== 0x52535452 || header.getUint8(4) !== 1) {
      throw new Error(`${name}: not a string table of version 1`);
    }
    const count = header.getUint32(8, true);
    const size = header.getUint32(12, true);
    const packed = new Blob([content.slice(16)]).stream().pipeThrough(new DecompressionStream('deflate'));
    const raw = await new Response(packed).arrayBuffer();
    if (raw.byteLength !== 2 * count + size) {
      throw new Error(`${name}: ${raw.byteLength} bytes unpacked, the header says ${2 * count + size}`);
    }
    const lengths = new DataView(raw, 0, 2 * count);
    const decoder = new TextDecoder('utf-8', {fatal: true, ignoreBOM: true});
    const rows: string[] = [];
    let start = 2 * count;
    for (let row = 0; row < count; row++) {
      const length = lengths.getUint16(2 * row, true);
      rows.push(decoder.decode(new Uint8Array(raw, start, length)));
      start += length;
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
