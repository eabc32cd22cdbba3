import {isObject, isUnicode, short} from './checked.js';
import type {Event} from './history.js';

const FIELDS = ['item', 'timestamp', 'event_id', 'event_type', 'value'];
const LARGEST_VALUE = 3.4028234663852886e38; // of a float32

/** Refuse what is no event, as recsys/bundle/events.py does; `origin` is what errors name. */
export function checkEvent(event: unknown, origin: string): asserts event is Event {
  if (!isObject(event)) {
    throw new Error(`${origin}: expected an object with ${FIELDS.join(', ')}, found ${short(event)}`);
  }
  const unknown = Object.keys(event).filter((key) => !FIELDS.includes(key));
  const missing = ['item', 'timestamp'].filter((key) => !Object.hasOwn(event, key));
  if (unknown.length + missing.length > 0) {
    throw new Error(`${origin}: expected the keys ${FIELDS.join(', ')}; ` +
      `missing [${missing.join(', ')}], unknown [${unknown.join(', ')}]`);
  }
  checkItem(event['item'], origin);
  checkInteger(event['timestamp'], `${origin}: timestamp`);
  checkInteger(event['event_id'] ?? 0, `${origin}: event_id`);
  const kind = event['event_type'] ?? '';
  if (typeof kind !== 'string' || !isUnicode(kind)) {
    throw new Error(`${origin}: event_type is text, found ${short(kind)}`);
  }
  const value = event['value'] ?? 0;
  if (typeof value !== 'number' || !(Math.abs(value) <= LARGEST_VALUE)) {
    throw new Error(`${origin}: value is a finite number within float32's range, found ${short(value)}`);
  }
}

/** Refuse what is no moment of a request. */
export function checkNow(now: unknown, origin: string): asserts now is number {
  checkInteger(now, `${origin}: now`);
}

/** A number of JavaScript is exact to 2^53 only: beyond it, the order of events would be anyone's. */
function checkInteger(value: unknown, origin: string): void {
  if (!Number.isSafeInteger(value)) {
    throw new Error(`${origin} is a 64-bit integer, here within 2^53 of 0, found ${short(value)}`);
  }
}

export function checkItem(item: unknown, origin: string): asserts item is string {
  if (typeof item !== 'string') throw new Error(`${origin}: an item id is text, found ${typeof item} ${short(item)}`);
  if (!isUnicode(item)) throw new Error(`${origin}: ${short(item)} is not valid Unicode`);
}
