/** fnv1a64-fmix, as recsys/core/hashing.py: FNV-1a over UTF-8, then MurmurHash3's 64-bit finaliser. */
const MASK = (1n << 64n) - 1n;
const encoder = new TextEncoder();

function mix(value: bigint): bigint {
  let h = value;
  for (const multiplier of [0xff51afd7ed558ccdn, 0xc4ceb9fe1a85ec53n]) {
    h ^= h >> 33n;
    h = (h * multiplier) & MASK;
  }
  return h ^ (h >> 33n);
}

export function hashString(text: string): bigint {
  let h = 0xcbf29ce484222325n;
  for (const byte of encoder.encode(text)) h = ((h ^ BigInt(byte)) * 0x100000001b3n) & MASK;
  return mix(h);
}
