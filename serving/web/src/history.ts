import {checkEvent} from './events.js';
import {hashString} from './hash.js';

/** One touch of an item; timestamps are milliseconds since the epoch. */
export interface Event {
  item: string;
  timestamp: number;
  event_id?: number;
  event_type?: string;
}

export interface CleaningPolicy {
  drop_duplicates: boolean;
  drop_repeats: boolean;
  event_types: string[];
}

export const PAD_ID = 0;

/** External ids to internal ones: the id in row i is i + 1; unknown ones are PAD_ID, or a bucket by their hash. */
export class Vocabulary {
  private readonly ids = new Map<string, number>();

  constructor(readonly items: readonly string[], private readonly buckets: number) {
    for (const [row, item] of items.entries()) {
      const first = this.ids.get(item);
      if (first !== undefined) {
        throw new Error(`vocabulary.bin: ${JSON.stringify(item)} stands in rows ${first - 1} and ${row}; damaged`);
      }
      this.ids.set(item, row + 1);
    }
  }

  encode(item: string): number {
    const id = this.ids.get(item);
    if (id !== undefined) return id;
    return this.buckets === 0 ? PAD_ID : Number(hashString(item) % BigInt(this.buckets)) + 1 + this.ids.size;
  }
}

/** Order, clean, truncate to the newest, pad on the left: recsys/core/history.py in TypeScript. */
export function encodeHistory(
  events: readonly Event[], vocabulary: Vocabulary, length: number, policy: CleaningPolicy,
): Int32Array {
  events.forEach((event, place) => checkEvent(event, `event ${place}`));
  const types = policy.event_types;
  const counting = events.filter((event) => types.length === 0 || !event.event_type || types.includes(event.event_type));
  // The sort is stable: events that share time and arrival number keep the order in which they are given.
  counting.sort((a, b) => a.timestamp - b.timestamp || (a.event_id ?? 0) - (b.event_id ?? 0));
  const seen = new Set<string>();
  const kept: string[] = [];
  for (const event of counting) {
    const key = JSON.stringify([event.item, event.timestamp, event.event_type ?? '']);
    if (policy.drop_duplicates && seen.has(key)) continue;
    seen.add(key);
    if (policy.drop_repeats && kept[kept.length - 1] === event.item) continue;
    kept.push(event.item);
  }
  const ids = kept.map((item) => vocabulary.encode(item)).filter((id) => id !== PAD_ID).slice(-length);
  const padded = new Int32Array(length);
  padded.set(ids, length - ids.length);
  return padded;
}
