import type {Event} from './history.js';
import {Reranker} from './reranker.js';

const CANDIDATES = 100;
const SHELF = 60;
const EXPLAINED = 5;

/** The page: what was liked on the left, candidates that reorder in place on the right. */
class Page {
  private readonly liked: Event[] = [];
  private round = 0;
  private readonly rows = new Map<string, HTMLLIElement>();

  constructor(private readonly reranker: Reranker) {}

  async start(): Promise<void> {
    const {manifest} = this.reranker;
    element('about').textContent =
      `${manifest.items} items, ${manifest.variant}. All of it runs in this page: look at the network panel.`;
    element('search').addEventListener('input', () => this.fillShelf());
    element('forget').addEventListener('click', () => void this.forget());
    this.fillShelf();
    await this.rank();
  }

  private fillShelf(): void {
    const wanted = (element('search') as HTMLInputElement).value.toLowerCase();
    const matching = this.reranker.catalogue.filter((item) => this.reranker.title(item).toLowerCase().includes(wanted));
    element('shelf').replaceChildren(...matching.slice(0, SHELF).map((item) => {
      const button = document.createElement('button');
      button.textContent = this.reranker.title(item);
      button.dataset['item'] = item;
      button.addEventListener('click', () => void this.like(item));
      return button;
    }));
  }

  private async like(item: string): Promise<void> {
    this.liked.push({item, timestamp: Date.now(), event_id: this.liked.length});
    const entry = document.createElement('li');
    entry.textContent = this.reranker.title(item);
    element('liked').prepend(entry);
    await this.rank();
  }

  private async forget(): Promise<void> {
    this.liked.length = 0;
    element('liked').replaceChildren();
    await this.rank();
  }

  private async rank(): Promise<void> {
    const round = ++this.round;
    const history = [...this.liked];
    const liked = new Set(history.map((event) => event.item));
    const candidates = this.reranker.catalogue.filter((item) => !liked.has(item)).slice(0, CANDIDATES);
    const start = performance.now();
    const now = Date.now();
    const ranked = await this.reranker.recommend(history, candidates, now);
    if (round !== this.round) return; // a newer click has asked already
    const milliseconds = performance.now() - start;
    element('time').textContent = `${ranked.length} candidates in ${milliseconds.toFixed(1)} ms, with the policy`;
    const before = new Map([...this.rows].map(([item, row]) => [item, row.getBoundingClientRect().top]));
    element('ranking').replaceChildren(...ranked.map((one) => this.row(one.item, one.reasons)));
    this.slide(before);
    for (const one of ranked.slice(0, EXPLAINED)) {
      const reason = await this.reranker.because(history, one.item, now);
      if (round !== this.round) return;
      if (reason !== null) {
        this.row(one.item, [`because you liked ${this.reranker.title(reason)}`, ...one.reasons]);
      }
    }
  }

  private row(item: string, reasons: readonly string[]): HTMLLIElement {
    let row = this.rows.get(item);
    if (row === undefined) {
      row = document.createElement('li');
      row.dataset['item'] = item;
      row.append(document.createElement('span'), document.createElement('small'));
      row.firstElementChild!.textContent = this.reranker.title(item);
      this.rows.set(item, row);
    }
    row.lastElementChild!.textContent = reasons.join(', ');
    return row;
  }

  private slide(before: ReadonlyMap<string, number>): void {
    for (const [item, row] of this.rows) {
      const from = before.get(item);
      if (from === undefined || !row.isConnected) continue;
      const moved = from - row.getBoundingClientRect().top;
      if (moved !== 0) row.animate([{transform: `translateY(${moved}px)`}, {transform: 'none'}], {duration: 350});
    }
  }
}

function element(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no element ${id}`);
  return found;
}

/** For tests: every golden case of the bundle, and what is wrong with each answer (null where nothing is). */
async function replay(): Promise<(string | null)[]> {
  const reranker = await ready;
  const wrong: (string | null)[] = [];
  for (const golden of await reranker.bundle.golden()) {
    wrong.push(await reranker.mismatch(golden));
  }
  return wrong;
}

const ready = Reranker.load('/bundle', '/node_modules/@litertjs/core/wasm/');
Object.assign(globalThis, {replay, ready});
ready.then((reranker) => new Page(reranker).start()).catch((error: unknown) => {
  element('about').textContent = `The bundle was refused: ${error instanceof Error ? error.message : String(error)}`;
  document.body.classList.add('refused');
});
