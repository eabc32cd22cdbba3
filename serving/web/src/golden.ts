import {isObject, parseJson, short} from './checked.js';
import {checkEvent, checkItem, checkNow} from './events.js';
import type {Event} from './history.js';
import {LARGEST} from './manifest.js';

/** Raw history → ids → scores → order; fields as in recsys/bundle/golden.py. */
export interface GoldenCase {
  history: Event[];
  candidates: string[];
  /** When the request is made, in milliseconds since 1970. */
  now: number;
  history_ids: number[];
  candidate_ids: number[];
  scores: (number | null)[];
  order: number[];
  tolerance: number;
}

const KEYS = ['candidates', 'candidate_ids', 'history', 'history_ids', 'now', 'order', 'scores', 'tolerance'];
const REPLAYED = 3;
const LARGEST_ID = 2 ** 31 - 1;

/** The cases of a golden.json; throws with the case and the key that is wrong. */
export function readGolden(origin: string, content: ArrayBuffer): GoldenCase[] {
  const value = parseJson(origin, content);
  if (!Array.isArray(value)) throw new Error(`${origin}: expected a list of golden cases, found ${short(value)}`);
  return value.map((one: unknown, number) => readCase(one, `${origin}: case ${number}`));
}

function readCase(value: unknown, origin: string): GoldenCase {
  if (!isObject(value) || Object.keys(value).sort().join() !== [...KEYS].sort().join()) {
    throw new Error(`${origin}: expected an object with ${KEYS.join(', ')}, found ${short(value)}`);
  }
  const listed = (name: string, fits: (one: unknown) => boolean, wanted: string): unknown[] => {
    const found = value[name];
    if (!Array.isArray(found)) throw new Error(`${origin}: ${name} must be a list, found ${short(found)}`);
    found.forEach((one: unknown, place) => {
      if (!fits(one)) throw new Error(`${origin}: ${name}: ${place} must be ${wanted}, found ${short(one)}`);
    });
    return found;
  };
  const isId = (one: unknown) => Number.isInteger(one) && 0 <= (one as number) && (one as number) <= LARGEST_ID;
  const isNumber = (one: unknown) => typeof one === 'number' && Math.abs(one) <= LARGEST;
  listed('history', () => true, 'an event').forEach((event, place) => checkEvent(event, `${origin}: history[${place}]`));
  listed('candidates', (one) => typeof one === 'string', 'an item id')
    .forEach((item, place) => checkItem(item, `${origin}: candidates[${place}]`));
  checkNow(value['now'], origin);
  for (const name of ['history_ids', 'candidate_ids']) listed(name, isId, 'an internal id');
  const scores = listed('scores', (one) => one === null || isNumber(one), 'a number or null');
  const order = listed('order', isId, 'a place');
  if (!isNumber(value['tolerance']) || (value['tolerance'] as number) <= 0) {
    throw new Error(`${origin}: tolerance must be positive and finite, found ${short(value['tolerance'])}`);
  }
  const golden = value as unknown as GoldenCase;
  if (golden.candidates.length !== scores.length || golden.candidate_ids.length !== scores.length) {
    throw new Error(`${origin}: candidates, candidate_ids and scores must be of one length`);
  }
  const scored = [...scores.keys()].filter((place) => scores[place] !== null);
  if (String([...(order as number[])].sort((a, b) => a - b)) !== String(scored)) {
    throw new Error(`${origin}: order must name every candidate that has a score once`);
  }
  return golden;
}

/** The cases, with their numbers, that tell most of a runtime: those with a history first. */
export function chosen(cases: readonly GoldenCase[]): [number, GoldenCase][] {
  const isEmpty = (golden: GoldenCase) => Number(golden.history_ids.every((id) => id === 0));
  return [...cases.entries()].sort(([, a], [, b]) => isEmpty(a) - isEmpty(b)).slice(0, REPLAYED);
}

/** What is worst about an answer (`order` holds the places of known candidates), or null; near-ties may swap. */
export function mismatch(golden: GoldenCase, scores: readonly (number | null)[], order: readonly number[]): string | null {
  let [worst, most, wrong] = [-1, golden.tolerance, 0];
  for (const [place, wanted] of golden.scores.entries()) {
    const found = scores[place]!;
    if ((wanted === null) !== (found === null)) {
      return `candidate ${short(golden.candidates[place])}: expected score ${wanted}, found ${found}`;
    }
    if (wanted === null || found === null) continue;
    const apart = Math.abs(wanted - found);
    if (apart <= golden.tolerance) continue;
    wrong++;
    if (worst < 0 || apart > most) [worst, most] = [place, apart];
  }
  if (worst >= 0) {
    return `candidate ${short(golden.candidates[worst])}: expected score ${golden.scores[worst]}, found ` +
      `${scores[worst]}, the worst of ${wrong} wrong scores of ${scores.length}: ${most} apart, ` +
      `${golden.tolerance} is allowed`;
  }
  if (order.length !== golden.order.length) {
    return `expected ${golden.order.length} ranked candidates, found ${order.length}`;
  }
  for (const [place, wanted] of golden.order.entries()) {
    const gap = Math.abs(golden.scores[wanted]! - golden.scores[order[place]!]!);
    if (!(gap <= 2 * golden.tolerance)) return `place ${place}: expected ${short(golden.candidates[wanted])}`;
  }
  return null;
}
