/** Values out of JSON that no one vouches for, as recsys/core/json_files.py and recsys/bundle/manifest.py take them. */
const DEEPEST = 64;
const SHOWN = 80;

export type Json = Record<string, unknown>;

/** UTF-8, no surrogates, at most `DEEPEST` levels; throws with what the file is not. */
export function parseJson(origin: string, content: ArrayBuffer): unknown {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', {fatal: true, ignoreBOM: true}).decode(content));
    refuseOddValues(value);
    return value;
  } catch (error) {
    throw new Error(`${origin}: not JSON (${error instanceof Error ? error.message : String(error)})`);
  }
}

function refuseOddValues(value: unknown): void {
  let level = [value];
  for (let depth = 0; depth < DEEPEST; depth++) {
    const texts = level.flatMap((one) => (isObject(one) ? Object.keys(one) : [one]));
    if (texts.some((text) => typeof text === 'string' && !isUnicode(text))) throw new Error('surrogates not allowed');
    level = level.flatMap((one) => (Array.isArray(one) ? (one as unknown[]) : isObject(one) ? Object.values(one) : []));
    if (level.length === 0) return;
  }
  throw new Error(`nested deeper than ${DEEPEST} levels`);
}

export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether UTF-8 can hold a text: surrogates stand in pairs. */
export function isUnicode(text: string): boolean {
  return !/\p{Surrogate}/u.test(text);
}

/** A value for an error, however long it is. */
export function short(value: unknown): string {
  const text = typeof value === 'bigint' ? String(value) : JSON.stringify(value) ?? String(value);
  return text.length <= SHOWN ? text : `${text.slice(0, SHOWN)}…`;
}

/** Takes checked values out of an object, and says where it stands when one is wrong. */
export class Reader {
  constructor(readonly value: Json, readonly origin: string) {}

  inside(key: string): Reader {
    return new Reader(this.object(key), `${this.origin}: ${key}`);
  }

  fail(key: string, reason: string): never {
    throw new Error(`${this.origin}: ${key} ${reason}, found ${short(this.get(key))}`);
  }

  get(key: string): unknown {
    return Object.hasOwn(this.value, key) ? this.value[key] : undefined;
  }

  text(key: string): string {
    const found = this.get(key);
    return typeof found === 'string' ? found : this.fail(key, 'must be text');
  }

  object(key: string): Json {
    const found = this.get(key);
    return isObject(found) ? found : this.fail(key, 'must be an object');
  }

  integer(key: string, low: number, high: number): number {
    const found = this.get(key);
    if (typeof found !== 'number' || !Number.isInteger(found)) return this.fail(key, 'must be an integer');
    return low <= found && found <= high ? found : this.fail(key, `must lie in ${low}..${high}`);
  }

  positive(key: string, largest: number): number {
    const found = this.get(key);
    if (typeof found !== 'number') return this.fail(key, 'must be a number');
    return 0 < found && found <= largest ? found : this.fail(key, 'must be positive and finite');
  }

  constant(key: string, expected: unknown): void {
    if (this.get(key) !== expected) this.fail(key, `must be ${JSON.stringify(expected)}`);
  }
}
