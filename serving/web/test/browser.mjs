// Opens the page in a real browser and prints what it found as JSON:
//   node test/browser.mjs BUNDLE CHROMIUM [SCREENSHOT]
import {argv, exit, stderr, stdout} from 'node:process';

import {chromium} from 'playwright-core';

import {serve} from '../server.mjs';

const [bundle, executablePath, screenshot] = argv.slice(2);
if (executablePath === undefined) {
  stderr.write('usage: node test/browser.mjs BUNDLE CHROMIUM [SCREENSHOT]\n');
  exit(2);
}
const server = await serve(bundle);
const origin = `http://127.0.0.1:${server.address().port}`;
const browser = await chromium.launch({executablePath, args: ['--no-sandbox', '--disable-gpu']});
try {
  const page = await browser.newPage({viewport: {width: 1100, height: 900}});
  const requests = [];
  const errors = [];
  page.on('request', (request) => requests.push(request.url()));
  page.on('pageerror', (error) => errors.push(String(error)));
  await page.goto(`${origin}/`);
  const loaded = await page.evaluate(() => ready.then(() => null, (error) => String(error)));
  const result = {refused: loaded, errors};
  if (loaded === null) {
    await page.waitForSelector('#ranking li');
    const order = () => page.$$eval('#ranking li', (rows) => rows.map((row) => row.dataset.item));
    result.golden = await page.evaluate(() => replay());
    result.median_ms = await page.evaluate(async () => {
      const reranker = await ready;
      const history = reranker.encodeHistory([{item: reranker.catalogue[0], timestamp: 1}]);
      const candidates = reranker.encodeCandidates(reranker.catalogue.slice(0, reranker.manifest.candidates));
      const times = [];
      for (let i = 0; i < 60; i++) {
        const start = performance.now();
        await reranker.score(history, candidates);
        times.push(performance.now() - start);
      }
      return times.sort((a, b) => a - b)[30];
    });
    result.before = await order();
    const loadedRequests = requests.length;
    for (const index of [1, 4, 7]) await page.locator('#shelf button').nth(index).click();
    await page.waitForFunction(() => document.querySelector('#ranking small')?.textContent.includes('because'));
    result.after = await order();
    result.reasons = await page.$$eval('#ranking small', (rows) => rows.map((row) => row.textContent).slice(0, 5));
    result.requests_while_ranking = requests.slice(loadedRequests);
    result.foreign_requests = requests.filter((url) => /^(https?|wss?):/.test(url) && !url.startsWith(origin));
    await page.waitForTimeout(500);
    if (screenshot !== undefined) await page.screenshot({path: screenshot});
    result.blocked = await page.evaluate(() => fetch('http://127.0.0.1:9/').then(() => false, () => true));
  }
  stdout.write(`${JSON.stringify(result)}\n`);
} finally {
  await browser.close();
  server.close();
}
