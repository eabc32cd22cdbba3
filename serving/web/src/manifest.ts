import {Reader, isObject, short} from './checked.js';
import {type CleaningPolicy, type EventCodes, type HistoryFormat, historyInputs} from './history.js';

export interface Tensor {
  shape: number[];
  dtype: string;
}

export interface Signature {
  inputs: Record<string, Tensor>;
  outputs: Record<string, Tensor>;
}

/** What a bundle says of itself: recsys/bundle/manifest.py in TypeScript, as far as a client needs it. */
export interface Manifest extends HistoryFormat {
  variant: string;
  model_file: string;
  candidates: number;
  items: number;
  oov_buckets: number;
  tolerance: number;
  signatures: Record<string, Signature>;
  files: Record<string, string>;
}

export const LARGEST = 1e9; // of any number that is not a size: no score, weight or tolerance comes near
const NEWEST_FORMAT = 1;
const MAX_LENGTH = 4096;
const MAX_CANDIDATES = 65_536;
const MAX_ITEMS = 100_000_000;
const LONGEST_NAME = 255;
const MOST_TYPES = 30;
const MOST_BUCKETS = 32;
const LARGEST_VALUE = 3.4028234663852886e38; // of an event: float32's
const DTYPES = ['int32', 'float32', 'int8', 'uint8', 'float16'];
const FORMAT = 'tflite'; // of the models that clients run

/** Every field checked, those too that this client does not use; throws with the field and what was found. */
export function readManifest(value: unknown, origin: string): Manifest {
  if (!isObject(value) || value['kind'] !== 'bundle') {
    throw new Error(`${origin}: expected the manifest of a bundle, found ${short(isObject(value) ? value['kind'] : value)}`);
  }
  const read = new Reader(value, origin);
  const version = read.get('format_version');
  if (typeof version !== 'number' || !Number.isInteger(version) || version < 1) {
    return read.fail('format_version', 'must be a positive integer');
  }
  if (version > NEWEST_FORMAT) {
    throw new Error(`${origin}: bundle format ${version} is newer than this client reads (${NEWEST_FORMAT})`);
  }
  read.constant('pad_id', 0);
  read.constant('padding', 'left');
  read.constant('truncation', 'keep newest');
  for (const key of ['model_version', 'run_digest', 'dataset_digest']) read.text(key);
  const runtime = read.inside('minimum_runtime');
  for (const key of ['tensorflow', 'litert']) {
    if (!/^\d+\.\d+\.\d+$/.test(runtime.text(key))) runtime.fail(key, 'must be a release as 2.4.0');
  }
  for (const name of Object.keys(read.object('operators'))) read.inside('operators').integer(name, 1, MAX_ITEMS);
  read.object('measured');
  const signatures = Object.fromEntries(
    Object.keys(read.object('signatures')).map((name) => [name, readSignature(read.inside('signatures').inside(name))]));
  const format = read.text('model_format');
  if (format !== FORMAT) throw new Error(`${origin}: its model is of the format ${short(format)}, clients run ${FORMAT}`);
  const inputs = historyInputs(signatures['rerank']?.inputs ?? {});
  const codes = readCodes('event_codes' in value ? value['event_codes'] : {}, inputs, origin);
  const manifest = {
    variant: read.text('variant'),
    model_file: readFileName(read.text('model_file'), origin),
    history_length: read.integer('history_length', 1, MAX_LENGTH),
    candidates: read.integer('candidates', 1, MAX_CANDIDATES),
    items: read.integer('items', 1, MAX_ITEMS),
    oov_buckets: read.integer('oov_buckets', 0, MAX_ITEMS),
    cleaning: readCleaning(read.get('cleaning'), origin),
    event_codes: codes,
    tolerance: read.positive('tolerance', LARGEST),
    signatures,
    history_inputs: inputs,
    files: readFiles(read),
  };
  for (const name of [manifest.model_file, 'vocabulary.bin']) {
    if (!Object.hasOwn(manifest.files, name)) {
      throw new Error(`${origin}: files: ${name} is not listed, so nothing vouches for it`);
    }
  }
  checkSignatures(manifest, origin);
  return manifest;
}

function readCleaning(value: unknown, origin: string): CleaningPolicy {
  const where = `${origin}: cleaning policy`;
  if (!isObject(value)) throw new Error(`${where}: expected an object, found ${short(value)}`);
  const known = ['drop_duplicates', 'drop_repeats', 'event_types'];
  const unknown = Object.keys(value).filter((key) => !known.includes(key));
  if (unknown.length > 0) throw new Error(`${where}: unknown keys ${unknown.join(', ')}; a newer recsys wrote it`);
  const cleaning = {drop_duplicates: true, drop_repeats: false, event_types: [] as string[], ...value};
  for (const key of ['drop_duplicates', 'drop_repeats'] as const) {
    if (typeof cleaning[key] !== 'boolean') {
      throw new Error(`${where}: ${key} must be true or false, found ${short(cleaning[key])}`);
    }
  }
  const types: unknown = cleaning.event_types;
  if (!Array.isArray(types) || !types.every((kind) => typeof kind === 'string')) {
    throw new Error(`${where}: event_types must be a list of texts, as ["view"], found ${short(types)}`);
  }
  return cleaning;
}

/** Codes must be there for the channels that the model takes, and for no other. */
function readCodes(value: unknown, inputs: string[], origin: string): EventCodes {
  const where = `${origin}: event codes`;
  if (!isObject(value)) throw new Error(`${where}: expected an object, found ${short(value)}`);
  const unknown = Object.keys(value).filter((key) => !['types', 'value_edges'].includes(key));
  if (unknown.length > 0) throw new Error(`${where}: unknown keys ${unknown.join(', ')}; a newer recsys wrote it`);
  const {types = [], value_edges: edges = null} = value;
  if (!Array.isArray(types) || !types.every((name) => typeof name === 'string')) {
    throw new Error(`${where}: types must be a list of texts, as ["view"], found ${short(types)}`);
  }
  if (new Set(types).size < types.length || types.length > MOST_TYPES) {
    throw new Error(`${where}: types must be distinct, at most ${MOST_TYPES}, found ${types.length}`);
  }
  const isValue = (edge: unknown) => typeof edge === 'number' && Math.abs(edge) <= LARGEST_VALUE;
  if (edges !== null && (!Array.isArray(edges) || !edges.every(isValue))) {
    throw new Error(`${where}: value_edges must be a list of numbers, as [2.0, 3.0], found ${short(edges)}`);
  }
  const ascending = (edges ?? []) as number[];
  if (ascending.length >= MOST_BUCKETS || ascending.some((edge, place) => place > 0 && ascending[place - 1]! >= edge)) {
    throw new Error(`${where}: value_edges must ascend, fewer than ${MOST_BUCKETS}, found ${ascending.length}`);
  }
  for (const [name, isThere] of [['types', types.length > 0], ['values', edges !== null]] as const) {
    if (isThere !== inputs.includes(name)) {
      throw new Error(`${origin}: event_codes must say what stands for ${name} where rerank takes them, and only ` +
        'there; the bundle contradicts itself');
    }
  }
  return {types: types as string[], value_edges: ascending};
}

function readSignature(read: Reader): Signature {
  const side = (name: string) => Object.fromEntries(
    Object.keys(read.object(name)).map((key) => [key, readTensor(read.inside(name).inside(key))]));
  return {inputs: side('inputs'), outputs: side('outputs')};
}

function readTensor(read: Reader): Tensor {
  const dtype = read.text('dtype');
  const shape = read.get('shape');
  const isSize = (size: unknown) => Number.isInteger(size) && 0 < (size as number) && (size as number) <= MAX_ITEMS;
  if (!Array.isArray(shape) || !shape.every(isSize)) read.fail('shape:', 'expected a list of positive sizes');
  if (!DTYPES.includes(dtype)) read.fail('dtype:', `expected one of ${DTYPES.join(', ')}`);
  return {shape: shape as number[], dtype};
}

function readFiles(read: Reader): Record<string, string> {
  const files = read.object('files');
  for (const name of Object.keys(files)) {
    const hash = files[name];
    if (typeof hash !== 'string' || !/^[0-9a-f]{64}$/.test(hash)) {
      throw new Error(`${read.origin}: files: ${short(name)} needs a SHA-256 in hex, found ${short(hash)}`);
    }
    if (new TextEncoder().encode(name).length > LONGEST_NAME) {
      throw new Error(`${read.origin}: files: a name of ${name.length} characters, which no file has`);
    }
    readFileName(name, read.origin);
  }
  return files as Record<string, string>;
}

function readFileName(name: string, origin: string): string {
  if (/[\0\\]/.test(name) || name.split('/').some((part) => ['', '.', '..'].includes(part))) {
    throw new Error(`${origin}: file name ${short(name)} points outside the bundle`);
  }
  return name;
}

/** Hold those that this client runs to the manifest's own sizes. */
function checkSignatures(manifest: Manifest, origin: string): void {
  const channel = {shape: [1, manifest.history_length], dtype: 'int32'};
  const history = Object.fromEntries(manifest.history_inputs.map((name) => [name, channel]));
  const candidates = {shape: [1, manifest.candidates], dtype: 'int32'};
  const scores = {scores: {shape: [1, manifest.candidates], dtype: 'float32'}};
  if (!Object.hasOwn(manifest.signatures, 'rerank')) {
    throw new Error(`${origin}: no signature rerank; the bundle contradicts itself`);
  }
  const expected: [string, keyof Signature, Record<string, Tensor>][] = [
    ['rerank', 'inputs', {...history, candidates}], ['start', 'inputs', history],
    ['rerank', 'outputs', scores], ['score', 'outputs', scores],
  ];
  for (const [name, side, tensors] of expected) {
    const found = manifest.signatures[name]?.[side] ?? tensors;
    if (inOrder(found) !== inOrder(tensors)) {
      throw new Error(`${origin}: ${side} of the signature ${name} must be ${inOrder(tensors)}, ` +
        `found ${inOrder(found)}; the bundle contradicts itself`);
    }
  }
}

function inOrder(tensors: Record<string, Tensor>): string {
  return JSON.stringify(Object.keys(tensors).sort().map((name) => [name, tensors[name]!.shape, tensors[name]!.dtype]));
}
