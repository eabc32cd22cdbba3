// Times of a request that a model which reads times can rank by, and that are hardly meant so.

import type {Event} from './history.js';

const MINUTE = 60_000; // milliseconds; clocks of a phone and a server differ by less
const FIRST_SECONDS = 1_000_000_000; // 2001, in seconds since 1970
const FIRST_MILLISECONDS = 100_000_000_000; // 1973

/** What to tell of the events' times and of `now`, milliseconds since 1970, by the kind of oddity; mostly nothing. */
export function oddTimes(history: readonly Event[], now: number): Map<string, string> {
  const told = new Map<string, string>();
  const without = history.filter(({timestamp}) => timestamp <= 0 && now >= FIRST_MILLISECONDS);
  if (without.length > 0) {
    told.set('missing', `${without.length} of ${history.length} events are of 1970 or before ` +
      `(${without[0]!.timestamp}), as if nothing had set their time; the model takes them to have happened long ago`);
  }
  const seconds = history.filter(({timestamp}) => FIRST_SECONDS <= timestamp && timestamp < FIRST_MILLISECONDS);
  if (seconds.length > 0 && now >= FIRST_MILLISECONDS) {
    told.set('seconds', `${seconds.length} of ${history.length} events are of 1970, as if by seconds ` +
      `(${seconds[0]!.timestamp}); a timestamp is in milliseconds since 1970`);
  }
  const future = history.map(({timestamp}) => timestamp).filter((time) => time > now + MINUTE);
  if (future.length > 0) {
    const latest = future.reduce((a, b) => Math.max(a, b));
    told.set('future', `${future.length} of ${history.length} events are later than the request, by up to ` +
      `${Math.floor((latest - now) / MINUTE)} minutes; the model takes them to have just happened: is a clock wrong, ` +
      'or one of them in another unit?');
  }
  return told;
}
