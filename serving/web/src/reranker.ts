import {type CompiledModel, Tensor, loadAndCompile, loadLiteRt} from '@litertjs/core';

import {Bundle} from './bundle.js';
import {checkItem} from './events.js';
import {type GoldenCase, chosen, mismatch} from './golden.js';
import {type Event, type History, PAD_ID, type Vocabulary, encodeHistory} from './history.js';
import type {Manifest} from './manifest.js';
import {oddTimes} from './odd_times.js';
import {type Scored, applyPolicy} from './policy.js';
import type {Rule} from './rules.js';
import type {StringTable} from './strings.js';

export interface Ranked {
  item: string;
  /** The model's logit; null for an item that it does not know. Those come last, as they came. */
  score: number | null;
}

/** A verified bundle, loaded once and asked many times. Nothing that it is asked leaves the page. */
export class Reranker {
  private readonly told = new Set<string>();

  private constructor(
    readonly bundle: Bundle,
    private readonly model: CompiledModel,
    private readonly vocabulary: Vocabulary,
    private readonly columns: ReadonlyMap<string, StringTable>,
    private readonly rules: readonly Rule[],
  ) {}

  /**
   * Loads the runtime from `wasm` and the bundle from `url`, and replays a few golden cases; throws when anything is
   * not what it should be, or this browser's runtime ranks otherwise than the one that exported the bundle.
   */
  static async load(url: string, wasm: string): Promise<Reranker> {
    const bundle = await Bundle.open(url);
    const [vocabulary, columns, rules] = [await bundle.vocabulary(), await bundle.columns(), await bundle.policy()];
    const golden = await bundle.golden();
    await loadLiteRt(wasm);
    const name = bundle.manifest.model_file;
    const model = await loadAndCompile(new Uint8Array(await bundle.file(name)), {accelerator: 'wasm'});
    if (!('rerank' in model.signatures)) throw new Error(`${name}: signature rerank is missing`);
    const reranker = new Reranker(bundle, model, vocabulary, columns, rules);
    await reranker.replaySome(golden);
    return reranker;
  }

  get manifest(): Manifest {
    return this.bundle.manifest;
  }

  /** Every item that the model knows, the most frequent first. */
  get catalogue(): readonly string[] {
    return this.vocabulary.items;
  }

  text(item: string, column: string): string {
    const id = this.vocabulary.encode(item);
    return id === PAD_ID || id > this.vocabulary.items.length ? '' : this.columns.get(column)?.get(id - 1) ?? '';
  }

  title(item: string): string {
    return this.text(item, 'title') || item;
  }

  /** What the model reads of the events; `now` as in `rerank`. */
  encodeHistory(history: readonly Event[], now = Date.now()): History {
    return encodeHistory(history, this.vocabulary, this.manifest, now);
  }

  encodeCandidates(candidates: readonly string[]): Int32Array {
    candidates.forEach((item, place) => checkItem(item, `candidates[${place}]`));
    return Int32Array.from(candidates, (item) => this.vocabulary.encode(item));
  }

  /** Logits of internal ids after an encoded history, in chunks of the model's fixed width. */
  async score(history: History, candidates: Int32Array): Promise<Float32Array> {
    const width = this.manifest.candidates;
    const scores = new Float32Array(candidates.length);
    for (let start = 0; start < candidates.length; start += width) {
      const chunk = new Int32Array(width);
      chunk.set(candidates.subarray(start, start + width));
      const found = await this.run('rerank', 'scores', {...history, candidates: chunk});
      scores.set(found.subarray(0, Math.min(width, candidates.length - start)), start);
    }
    if (!scores.every(Number.isFinite)) throw new Error(`${this.bundle.manifest.model_file}: scores are not finite`);
    return scores;
  }

  /**
   * `candidates`, best first. `now` is when the request is made, in milliseconds since 1970: a model that reads times
   * takes events after it to have just happened.
   */
  async rerank(history: readonly Event[], candidates: readonly string[], now = Date.now()): Promise<Ranked[]> {
    const ids = this.encodeCandidates(candidates);
    const encoded = this.encodeHistory(history, now);
    this.tellOddities(history, now);
    const scores = await this.score(encoded, ids);
    const places = Array.from(ids.keys());
    const known = places.filter((i) => ids[i] !== PAD_ID).sort((a, b) => scores[b]! - scores[a]!);
    const unknown = places.filter((i) => ids[i] === PAD_ID);
    return [
      ...known.map((i) => ({item: candidates[i]!, score: scores[i]!})),
      ...unknown.map((i) => ({item: candidates[i]!, score: null})),
    ];
  }

  /** `rerank`, then the bundle's policy; what is fresh is fresh at `now`. */
  async recommend(history: readonly Event[], candidates: readonly string[], now = Date.now()): Promise<Scored[]> {
    const ranked = await this.rerank(history, [...new Set(candidates)], now);
    const scored = ranked.flatMap(({item, score}) => (score === null ? [] : [{item, score}]));
    const seen = new Set(history.map((event) => event.item));
    return applyPolicy(this.rules, scored, seen, (item, column) => this.text(item, column), now);
  }

  /** The item of the history without which `candidate` would lose most, or null where none speaks for it. */
  async because(history: readonly Event[], candidate: string, now = Date.now()): Promise<string | null> {
    const items = [...new Set(history.map((event) => event.item))];
    const ids = this.encodeCandidates([candidate]);
    const whole = (await this.score(this.encodeHistory(history, now), ids))[0]!;
    let most = 0;
    let reason: string | null = null;
    for (const item of items) {
      const without = history.filter((event) => event.item !== item);
      const lost = whole - (await this.score(this.encodeHistory(without, now), ids))[0]!;
      if (lost > most) [most, reason] = [lost, item];
    }
    return reason;
  }

  /** What is wrong with this browser's answer to a golden case, or null; near-ties may swap. */
  async mismatch(golden: GoldenCase): Promise<string | null> {
    const history = this.encodeHistory(golden.history, golden.now);
    const ids = this.encodeCandidates(golden.candidates);
    const items = String(history['history']);
    if (items !== String(golden.history_ids) || String(ids) !== String(golden.candidate_ids)) {
      return `encoded as [${items}] and [${ids}], other ids than the case has`;
    }
    const scores = await this.score(history, ids);
    const known = Array.from(ids.keys()).filter((i) => ids[i] !== PAD_ID).sort((a, b) => scores[b]! - scores[a]!);
    return mismatch(golden, Array.from(scores, (score, i) => (ids[i] === PAD_ID ? null : score)), known);
  }

  /** The types of events that the model has never met, and reads as of an unknown type; none where it reads no types. */
  unknownTypes(history: readonly Event[]): string[] {
    const known = this.manifest.event_codes.types;
    if (known.length === 0) return [];
    return [...new Set(history.map((event) => event.event_type ?? ''))].filter((t) => t !== '' && !known.includes(t));
  }

  /** What to tell of the times of a request, by the kind of oddity; nothing where the model does not read times. */
  oddTimes(history: readonly Event[], now: number): Map<string, string> {
    return this.manifest.history_inputs.includes('ages') ? oddTimes(history, now) : new Map();
  }

  private tellOddities(history: readonly Event[], now: number): void {
    const told = this.oddTimes(history, now);
    for (const type of this.unknownTypes(history)) {
      told.set(`type ${type}`, `the model has met no event of type ${JSON.stringify(type)}, only of ` +
        `${this.manifest.event_codes.types.join(', ')}; it reads such events as of an unknown type`);
    }
    for (const [kind, text] of told) {
      if (this.told.has(kind)) continue;
      this.told.add(kind);
      console.warn(text);
    }
  }

  private async replaySome(golden: readonly GoldenCase[]): Promise<void> {
    for (const [number, one] of chosen(golden)) {
      const wrong = await this.mismatch(one).catch((error: unknown) => String(error));
      if (wrong !== null) {
        throw new Error(`golden.json: case ${number}: LiteRT.js in this browser ranks otherwise than the exporter: ` +
          `${wrong}; use a runtime that serving/README.md lists as right for ${this.manifest.variant}, or another variant`);
      }
    }
  }

  private async run(signature: string, output: string, inputs: Record<string, Int32Array>): Promise<Float32Array> {
    const tensors = Object.fromEntries(
      Object.entries(inputs).map(([name, values]) => [name, new Tensor(values, [1, values.length])]));
    const outputs = await this.model.run(signature, tensors);
    try {
      return new Float32Array((await outputs[output]!.data()) as Float32Array);
    } finally {
      for (const tensor of [...Object.values(tensors), ...Object.values(outputs)]) tensor.delete();
    }
  }
}
