import {isObject, parseJson, short} from './checked.js';
import {LARGEST} from './manifest.js';

/** The bundle's policy, read as recsys/bundle/policy.py reads it; what each rule does is told there. */
export type Rule =
  | {rule: 'remove_seen'}
  | {rule: 'remove'; column: string; value: string; reason: string}
  | {rule: 'boost'; column: string; value: string; by: number; reason: string}
  | {rule: 'fresh'; column: string; half_life_days: number; by: number; reason?: string}
  | {rule: 'diverse'; column: string; strength: number; first: number; reason?: string};

const VERSION = 1;
const REQUIRED = new Map<string, string[]>([
  ['remove_seen', []],
  ['remove', ['column', 'value', 'reason']],
  ['boost', ['column', 'value', 'by', 'reason']],
  ['fresh', ['column', 'half_life_days', 'by']],
  ['diverse', ['column', 'strength', 'first']],
]);
const WITH_OPTIONAL_REASON = ['fresh', 'diverse'];
const NUMBERS = ['by', 'strength', 'half_life_days', 'first'];

/** The rules of a policy file; throws with the rule and the key that cannot be used. */
export function readPolicy(origin: string, content: ArrayBuffer): Rule[] {
  let value: unknown;
  try {
    value = parseJson(origin, content);
  } catch (error) {
    throw new Error(`${origin}: not a policy (${(error as Error).message})`);
  }
  if (!isObject(value) || Object.keys(value).sort().join() !== 'rules,version' || !Array.isArray(value['rules'])) {
    throw new Error(`${origin}: expected {"version": ${VERSION}, "rules": [...]} and nothing else`);
  }
  if (value['version'] !== VERSION) {
    throw new Error(`${origin}: version ${short(value['version'])}, this client reads ${VERSION}; upgrade recsys`);
  }
  const rules = (value['rules'] as unknown[]).map((one, number) => readRule(one, `${origin}: rule ${number}`));
  const early = rules.slice(0, -1).findIndex(({rule}) => rule === 'diverse');
  if (early >= 0) {
    throw new Error(`${origin}: rule ${early}: diverse orders the places, so it must be the last rule`);
  }
  return rules;
}

function readRule(value: unknown, origin: string): Rule {
  const kind = isObject(value) ? value['rule'] : undefined;
  const required = typeof kind === 'string' ? REQUIRED.get(kind) : undefined;
  if (!isObject(value) || typeof kind !== 'string' || required === undefined) {
    throw new Error(`${origin}: expected one of ${[...REQUIRED.keys()].join(', ')}, found ${short(value)}`);
  }
  const given = Object.keys(value).filter((key) => key !== 'rule');
  const known = WITH_OPTIONAL_REASON.includes(kind) ? [...required, 'reason'] : required;
  const missing = required.filter((key) => !given.includes(key));
  const unknown = given.filter((key) => !known.includes(key));
  if (missing.length + unknown.length > 0) {
    throw new Error(`${origin}: missing [${missing.join(', ')}], unknown [${unknown.join(', ')}]`);
  }
  for (const key of given) {
    const one = value[key];
    if (!NUMBERS.includes(key)) {
      if (typeof one !== 'string') throw new Error(`${origin}: ${key} must be text, found ${short(one)}`);
      continue;
    }
    if (typeof one !== 'number' || (key === 'first' && !Number.isInteger(one))) {
      throw new Error(`${origin}: ${key} must be ${key === 'first' ? 'a whole number' : 'a number'}, found ${short(one)}`);
    }
    if (!(Math.abs(one) <= LARGEST)) throw new Error(`${origin}: ${key} must lie within 1e+09 of 0, found ${one}`);
    if (['half_life_days', 'first'].includes(key) && one <= 0) {
      throw new Error(`${origin}: ${key} must be positive, found ${one}`);
    }
    if (key === 'strength' && one < 0) {
      throw new Error(`${origin}: strength must not be negative: that would bring like items together`);
    }
  }
  return value as unknown as Rule;
}
