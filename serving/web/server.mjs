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
const METHODS = ['GET', 'HEAD'];
const LOOPBACK = ['127.0.0.1', 'localhost', '[::1]'];

/** The file that a path names, or null when there is none or it lies outside what is served. */
async function resolve(bundle, url) {
  try {
    const path = decodeURIComponent(new URL(url, 'http://localhost').pathname);
    const [root, name] = path.startsWith('/bundle/')
      ? [bundle, path.slice('/bundle/'.length)]
      : [here, path === '/' ? 'index.html' : path.slice(1)];
    const top = (await realpath(root)) + sep;
    const file = await realpath(join(root, name)); // where links lead, too
    if (!file.startsWith(top) || !(await stat(file)).isFile()) return null;
    const inside = file.slice(top.length).split(sep).join('/');
    return root === bundle || /^(index\.html$|style\.css$|dist\/|node_modules\/@litertjs\/)/.test(inside) ? file : null;
  } catch {
    return null; // what cannot be decoded or found is not there
  }
}

/** The answer to a request: its status, headers and content. */
async function answer(bundle, policy, {method, url, headers}) {
  // A name that leads here is not enough: another site's page must not read the bundle through one of its own.
  if (!LOOPBACK.includes((headers.host ?? '').replace(/:\d+$/, ''))) return [421, {}, 'ask 127.0.0.1 by its name\n'];
  if (!METHODS.includes(method)) return [405, {Allow: METHODS.join(', ')}, `${method}: only GET and HEAD are answered\n`];
  const file = await resolve(bundle, url);
  if (file === null) return [404, {}, 'no such file\n'];
  const type = types[extname(file)] ?? 'application/octet-stream';
  const content = await readFile(file);
  return [200, {'Content-Type': type, 'Content-Security-Policy': policy, 'X-Content-Type-Options': 'nosniff'}, content];
}

export async function serve(bundle, port = 0) {
  const page = await readFile(join(here, 'index.html'), 'utf8');
  const map = /<script type="importmap">(.*?)<\/script>/s.exec(page)[1];
  const hash = createHash('sha256').update(map).digest('base64');
  // The browser itself keeps what the page knows on the device: it may talk to this server alone.
  const policy = `default-src 'none'; script-src 'self' 'wasm-unsafe-eval' 'sha256-${hash}'; connect-src 'self'; ` +
    "style-src 'self'; img-src data:; base-uri 'none'; form-action 'none'";
  const server = createServer(async (request, response) => {
    // No request may end the server: a file that cannot be read is one request's error.
    const [status, headers, content] = await answer(bundle, policy, request).catch((error) => {
      stderr.write(`${request.url}: ${error.message}\n`);
      return [500, {}, 'the file cannot be read\n'];
    });
    const body = Buffer.from(content);
    response.writeHead(status, {'Content-Type': 'text/plain', 'Content-Length': body.length, ...headers});
    response.end(request.method === 'HEAD' ? undefined : body);
  });
  server.on('clientError', (_, socket) => socket.destroy());
  await new Promise((done, failed) => server.once('error', failed).listen(port, '127.0.0.1', done));
  return server;
}

if (argv[1] === fileURLToPath(import.meta.url)) {
  if (argv[2] === undefined) {
    stderr.write('usage: node server.mjs BUNDLE [PORT]\n');
    exit(2);
  }
  try {
    if (!(await stat(argv[2]).catch(() => null))?.isDirectory()) {
      throw new Error('no bundle here: expected a directory, as recsys export makes it');
    }
    const server = await serve(argv[2], Number(argv[3] ?? 8080));
    stdout.write(`http://127.0.0.1:${server.address().port}/\n`);
  } catch (error) {
    stderr.write(`${argv[2]}, port ${argv[3] ?? 8080}: ${error.message}\n`);
    exit(1);
  }
}
