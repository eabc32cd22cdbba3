import {parseJson} from './checked.js';
import {type GoldenCase, readGolden} from './golden.js';
import {Vocabulary} from './history.js';
import {type Manifest, readManifest} from './manifest.js';
import {type Rule, readPolicy} from './rules.js';
import {StringTable} from './strings.js';

const GOLDEN_FILE = 'golden.json';

/** A bundle behind a URL. Every file is compared with its SHA-256 in the manifest before it is used. */
export class Bundle {
  private constructor(private readonly url: string, readonly manifest: Manifest) {}

  static async open(url: string): Promise<Bundle> {
    const base = url.endsWith('/') ? url : `${url}/`;
    const content = await get(`${base}manifest.json`);
    if (content === null) throw new Error(`${base}: no bundle here (manifest.json is missing)`);
    return new Bundle(base, readManifest(parseJson('manifest.json', content), 'manifest.json'));
  }

  has(name: string): boolean {
    return Object.hasOwn(this.manifest.files, name);
  }

  async file(name: string): Promise<ArrayBuffer> {
    const content = await this.fileIfThere(name);
    if (content === null) throw new Error(`${name}: missing from the bundle; fetch it again`);
    return content;
  }

  async vocabulary(): Promise<Vocabulary> {
    const items = await StringTable.parse('vocabulary.bin', await this.file('vocabulary.bin'));
    if (items.length !== this.manifest.items) {
      throw new Error(`vocabulary.bin: ${items.length} items, the manifest says ${this.manifest.items}`);
    }
    return new Vocabulary(items.all(), this.manifest.oov_buckets);
  }

  /** Metadata of every item by internal id - 1, by the column's name. */
  async columns(): Promise<ReadonlyMap<string, StringTable>> {
    const columns = new Map<string, StringTable>();
    for (const file of Object.keys(this.manifest.files)) {
      const name = /^items\/([^/]+)\.bin$/.exec(file)?.[1];
      if (name === undefined) continue;
      const table = await StringTable.parse(file, await this.file(file));
      if (table.length !== this.manifest.items) {
        throw new Error(`${file}: ${table.length} rows for ${this.manifest.items} items`);
      }
      columns.set(name, table);
    }
    return columns;
  }

  /** The rules to apply after the scores; none where the bundle has no policy. */
  async policy(): Promise<Rule[]> {
    return this.has('policy.json') ? readPolicy('policy.json', await this.file('policy.json')) : [];
  }

  /** All golden cases; none where a product left them out. */
  async golden(): Promise<GoldenCase[]> {
    const content = this.has(GOLDEN_FILE) ? await this.fileIfThere(GOLDEN_FILE) : null;
    return content === null ? [] : readGolden(GOLDEN_FILE, content);
  }

  private async fileIfThere(name: string): Promise<ArrayBuffer | null> {
    const expected = this.has(name) ? this.manifest.files[name] : undefined;
    if (expected === undefined) throw new Error(`${name}: the manifest does not list it`);
    const content = await get(this.url + name.split('/').map(encodeURIComponent).join('/'));
    if (content === null) return null;
    const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', content));
    const found = Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
    if (found !== expected) throw new Error(`${name}: SHA-256 is ${found}, the manifest says ${expected}`);
    return content;
  }
}

/** What a URL holds, or null where nothing is. */
async function get(url: string): Promise<ArrayBuffer | null> {
  const response = await fetch(url);
  if (response.status === 404) return null;
  if (!response.ok) throw new Error(`${url}: ${response.status} ${response.statusText}`);
  return response.arrayBuffer();
}
