// Serves the page and one bundle on the loopback interface:  node server.mjs BUNDLE [PORT]
import {createHash} from 'node:crypto';
import {readFile, realpath, stat} from 'node:fs/promises';
import {createServer} from 'node:http';
import {dirname, extname, join, sep} from 'node:path';
import {argv, exit, stderr, stdout} from 'node:process';
import {fileURLToPath} from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const types = {
  '.html': 'text/html; charset=utf-8', '.css': 'text/css', '.js': 'text/javascript', '.json': 'application/json',
  '.wasm': 'application/wasm',
};

/** The file that a path names, or null when it lies outside what is served. */
async function resolve(bundle, url) {
  const path = decodeURIComponent(new URL(url, 'http://localhost').pathname);
  const [root, name] = path.startsWith('/bundle/')
    ? [bundle, path.slice('/bundle/'.length)]
    : [here, path === '/' ? 'index.html' : path.slice(1)];
  const top = (await realpath(root)) + sep;
  const file = await realpath(join(root, name));
  if (!file.startsWith(top) || !(await stat(file)).isFile()) return null;
  const inside = file.slice(top.length).split(sep).join('/');
  return root === bundle || /^(index\.html$|style\.css$|dist\/|node_modules\/@litertjs\/)/.test(inside) ? file : null;
}

export async function serve(bundle, port = 0) {
  const page = await readFile(join(here, 'index.html'), 'utf8');
  const map = /<script type="importmap">(.*?)<\/script>/s.exec(page)[1];
  const hash = createHash('sha256').update(map).digest('base64');
  // The browser itself keeps what the page knows on the device: it may talk to this server alone.
  const policy = `default-src 'none'; script-src 'self' 'wasm-unsafe-eval' 'sha256-${hash}'; connect-src 'self'; ` +
    "style-src 'self'; img-src data:; base-uri 'none'; form-action 'none'";
  const server = createServer(async (request, response) => {
    // What cannot be decoded, found or read is not there; no request may end the server.
    const file = request.method === 'GET' ? await resolve(bundle, request.url).catch(() => null) : null;
    if (file === null) {
      response.writeHead(404).end();
      return;
    }
    const type = types[extname(file)] ?? 'application/octet-stream';
    response.writeHead(200, {'Content-Type': type, 'Content-Security-Policy': policy}).end(await readFile(file));
  });
  await new Promise((done) => server.listen(port, '127.0.0.1', done));
  return server;
}

if (argv[1] === fileURLToPath(import.meta.url)) {
  if (argv[2] === undefined) {
    stderr.write('usage: node server.mjs BUNDLE [PORT]\n');
    exit(2);
  }
  const server = await serve(argv[2], Number(argv[3] ?? 8080));
  stdout.write(`http://127.0.0.1:${server.address().port}/\n`);
}
