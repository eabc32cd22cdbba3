import {checkEvent, checkNow} from './events.js';
import {hashString} from './hash.js';

/** One touch of an item; timestamps are milliseconds since the epoch. */
export interface Event {
  item: string;
  timestamp: number;
  event_id?: number;
  event_type?: string;
  /** How much: a rating, seconds, a quantity; null or absent where it is missing. */
  value?: number | null;
}

export interface CleaningPolicy {
  drop_duplicates: boolean;
  drop_repeats: boolean;
  event_types: string[];
}

/** What stands for an event's type and value, of those that a model reads: recsys/core/events/codes.py. */
export interface EventCodes {
  types: string[];
  value_edges: number[];
}

/** What a bundle's manifest says of the histories that its model reads. */
export interface HistoryFormat {
  history_length: number;
  cleaning: CleaningPolicy;
  event_codes: EventCodes;
  history_inputs: string[];
}

/** What a model reads of a history, by the names of its inputs: oldest event first, padded with 0 on the left. */
export type History = Record<string, Int32Array>;

interface Kept {
  id: number;
  event: Event;
}

export const PAD_ID = 0;
const MILLISECONDS = 1000; // in a second
const OLDEST = 2 ** 31 - 1; // seconds
const UNKNOWN = 1; // a type that the model has never met, or none; a value that is missing
const FIRST = 2; // code of the first type, and of the lowest bucket of values

/** Every input that a model may read of a history, and what stands in it for an event. */
const CHANNELS: Record<string, (kept: Kept, now: number, codes: EventCodes) => number> = {
  history: ({id}) => id,
  ages: ({event}, now) => age(event.timestamp, now),
  types: ({event}, _, {types}) => typeCode(event.event_type ?? '', types),
  values: ({event}, _, codes) => valueBucket(event.value ?? null, codes.value_edges),
};

/** Those that a model with these inputs reads; it always reads items. */
export function historyInputs(inputs: object): string[] {
  return Object.keys(CHANNELS).filter((name) => name === 'history' || Object.hasOwn(inputs, name));
}

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
  events: readonly Event[], vocabulary: Vocabulary, format: HistoryFormat, now: number,
): History {
  checkNow(now, 'a request');
  const length = format.history_length;
  const newest = cleanHistory(events, vocabulary, format.cleaning).slice(-length);
  return Object.fromEntries(format.history_inputs.map((name) => {
    const padded = new Int32Array(length);
    padded.set(newest.map((kept) => CHANNELS[name]!(kept, now, format.event_codes)), length - newest.length);
    return [name, padded];
  }));
}

/** The events that count, of items that the vocabulary knows, oldest first. */
function cleanHistory(events: readonly Event[], vocabulary: Vocabulary, policy: CleaningPolicy): Kept[] {
  events.forEach((event, place) => checkEvent(event, `history[${place}]`));
  const types = policy.event_types;
  const counting = events.filter((event) => types.length === 0 || !event.event_type || types.includes(event.event_type));
  // The sort is stable: events that share time and arrival number keep the order in which they are given.
  counting.sort((a, b) => a.timestamp - b.timestamp || (a.event_id ?? 0) - (b.event_id ?? 0));
  const seen = new Set<string>();
  const kept: Event[] = [];
  for (const event of counting) {
    const key = JSON.stringify([event.item, event.timestamp, event.event_type ?? '']);
    if (policy.drop_duplicates && seen.has(key)) continue;
    seen.add(key);
    const before = kept[kept.length - 1];
    const again = before?.item === event.item && (before.event_type ?? '') === (event.event_type ?? '');
    if (policy.drop_repeats && again) continue;
    kept.push(event);
  }
  return kept.map((event) => ({id: vocabulary.encode(event.item), event})).filter(({id}) => id !== PAD_ID);
}

function typeCode(type: string, types: readonly string[]): number {
  const place = types.indexOf(type);
  return place < 0 ? UNKNOWN : FIRST + place;
}

/** How many edges are not above the value, both as float32: so every client compares them. */
function valueBucket(value: number | null, edges: readonly number[]): number {
  if (value === null) return UNKNOWN;
  return FIRST + edges.filter((edge) => Math.fround(edge) <= Math.fround(value)).length;
}

/** Whole seconds from an event to the request, both cut to seconds first; 0 where the event lies after it. */
function age(timestamp: number, now: number): number {
  const seconds = Math.floor(now / MILLISECONDS) - Math.floor(timestamp / MILLISECONDS);
  return Math.min(Math.max(seconds, 0), OLDEST);
}
