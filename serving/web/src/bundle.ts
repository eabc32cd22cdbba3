import type {CleaningPolicy} from './history.js';
import {StringTable} from './strings.js';

export interface GoldenCase {
  history: {item: string; timestamp: number; event_id: number; event_type?: string}[];
  candidates: string[];
  history_ids: number[];
  candidate_ids: number[];
  scores: (number | null)[];
  order: number[];
  tolerance: number;
}

export interface Manifest {
  kind: string;
  format_version: number;
  variant: string;
  history_length: number;
  candidates: number;
  items: number;
  oov_buckets: number;
  cleaning: CleaningPolicy;
  tolerance: number;
  signatures: Record<string, {inputs: Record<string, {shape: number[]}>; outputs: Record<string, unknown>}>;
  files: Record<string, string>;
}

const NEWEST_FORMAT = 1;

/** A bundle behind a URL. Every file is compared with its SHA-256 in the manifest before it is used. */
export class Bundle {
  private constructor(private readonly url: string, readonly manifest: Manifest) {}

  static async open(url: string): Promise<Bundle> {
    const base = url.endsWith('/') ? url : `${url}/`;
    const manifest = JSON.parse(new TextDecoder().decode(await get(`${base}manifest.json`))) as Manifest;
    if (manifest.kind !== 'bundle') throw new Error(`${base}: not a bundle, but ${manifest.kind}`);
    if (manifest.format_version > NEWEST_FORMAT) {
      throw new Error(`${base}: format ${manifest.format_version} is newer than this client reads (${NEWEST_FORMAT})`);
    }
    return new Bundle(base, manifest);
  }

  has(name: string): boolean {
    return name in this.manifest.files;
  }

  async file(name: string): Promise<ArrayBuffer> {
    const expected = this.manifest.files[name];
    if (expected === undefined) throw new Error(`${name}: the manifest does not list it`);
    const content = await get(this.url + name);
    const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', content));
    const found = Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
    if (found !== expected) throw new Error(`${name}: SHA-256 is ${found}, the manifest says ${expected}`);
    return content;
  }

  async json<T>(name: string): Promise<T> {
    return JSON.parse(new TextDecoder().decode(await this.file(name))) as T;
  }

  async strings(name: string): Promise<StringTable> {
    const table = await StringTable.parse(name, await this.file(name));
    if (table.length !== this.manifest.items) {
      throw new Error(`${name}: ${table.length} rows for ${this.manifest.items} items`);
    }
    return table;
  }

  /** Metadata of every item by internal id - 1, or null where the bundle has none. */
  async column(name: string): Promise<StringTable | null> {
    return this.has(`items/${name}.bin`) ? this.strings(`items/${name}.bin`) : null;
  }
}

async function get(url: string): Promise<ArrayBuffer> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url}: ${response.status} ${response.statusText}`);
  return response.arrayBuffer();
}
