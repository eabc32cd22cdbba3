import type {Rule} from './rules.js';

export interface Scored {
  item: string;
  score: number;
  reasons: string[];
}

export type Lookup = (item: string, column: string) => string;

const DAY_MS = 86_400_000;

/**
 * The bundle's policy, as serving/policy.py applies it: what is left of `scored` (in the order that breaks ties), best
 * first, each with the reasons for its place.
 */
export function applyPolicy(
  rules: readonly Rule[], scored: readonly {item: string; score: number}[], seen: ReadonlySet<string>,
  lookup: Lookup, now: number,
): Scored[] {
  let left: Scored[] = scored.map(({item, score}) => ({item, score, reasons: []}));
  const values = (item: string, column: string) => new Set(lookup(item, column).split('|').filter((v) => v !== ''));
  for (const rule of rules) {
    switch (rule.rule) {
      case 'remove_seen':
        left = left.filter((one) => !seen.has(one.item));
        break;
      case 'remove':
        left = left.filter((one) => !values(one.item, rule.column).has(rule.value));
        break;
      case 'boost':
        for (const one of left) {
          if (rule.by === 0 || !values(one.item, rule.column).has(rule.value)) continue;
          one.score += rule.by;
          one.reasons.push(rule.reason);
        }
        break;
      case 'fresh':
        for (const one of left) freshen(one, rule, lookup(one.item, rule.column), now);
        break;
      case 'diverse':
        return diversify(sorted(left), rule, values);
    }
  }
  return sorted(left);
}

const sorted = (left: Scored[]) => [...left].sort((a, b) => b.score - a.score);

function freshen(one: Scored, rule: Extract<Rule, {rule: 'fresh'}>, text: string, now: number): void {
  const date = dateMs(text);
  if (date === null || date > now) return;
  const bonus = rule.by * 2 ** (-(now - date) / DAY_MS / rule.half_life_days);
  one.score += bonus;
  // Within one half-life, be it a bonus or a malus.
  if (rule.by !== 0 && Math.abs(bonus) >= Math.abs(rule.by) / 2) one.reasons.push(rule.reason ?? 'new');
}

/** The beginning of a year or a day in UTC; null for what is neither, in every client. */
function dateMs(text: string): number | null {
  if (!/^[0-9]{4}(-[0-9]{2}-[0-9]{2})?$/.test(text)) return null;
  const date = Date.parse(text);
  // Some engines take 30 February for 2 March; the year 0 is a filler.
  return Number.isNaN(date) || text.startsWith('0000') || !new Date(date).toISOString().startsWith(text) ? null : date;
}

function diversify(
  ranked: Scored[], rule: Extract<Rule, {rule: 'diverse'}>, values: (item: string, column: string) => Set<string>,
): Scored[] {
  const left = [...ranked];
  const own = new Map(left.map((one) => [one.item, values(one.item, rule.column)]));
  const closest = new Map(left.map((one) => [one.item, 0]));
  const placed: Scored[] = [];
  while (left.length > 0 && placed.length < rule.first) {
    const worth = left.map((one) => one.score - rule.strength * closest.get(one.item)!);
    const index = worth.reduce((most, value, place) => (value > worth[most]! ? place : most), 0);
    const best = left[index]!;
    if (index !== 0) best.reasons.push(rule.reason ?? 'for variety');
    left.splice(index, 1);
    placed.push(best);
    for (const one of left) {
      closest.set(one.item, Math.max(closest.get(one.item)!, jaccard(own.get(one.item)!, own.get(best.item)!)));
    }
  }
  return [...placed, ...left];
}

function jaccard(a: Set<string>, b: Set<string>): number {
  const common = [...a].filter((value) => b.has(value)).length;
  const union = a.size + b.size - common;
  return union === 0 ? 0 : common / union;
}
