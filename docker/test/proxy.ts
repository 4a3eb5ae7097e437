/** The reverse proxy of the image `web`, run by hand where Caddy is there, and judged by curl. */

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '@estafette/runtime/free-port.fixture';
import { commandOf, repository } from './dockerfile.ts';
import { Program, run, untilListening } from './running.ts';

/** The proxy on the images' Caddyfile, where Caddy is there. */
export async function startProxy(
  folder: string,
  tls: { certificate: string; key: string; app: string; relayPort: number },
) {
  const [http, https] = [await freePort(), await freePort()];
  const file = join(folder, 'Caddyfile');
  const settings = readFileSync(join(repository, 'docker', 'Caddyfile'), 'utf8')
    .replaceAll('/run/secrets/web_certificate', tls.certificate)
    .replaceAll('/run/secrets/web_key', tls.key)
    .replaceAll('/srv/app', tls.app)
    .replace('name relay', 'name 127.0.0.1')
    .replace(/(\n\s+)port 8080/, `$1port ${tls.relayPort}`)
    .replaceAll('http://:8080', `http://127.0.0.1:${http}`)
    .replaceAll('8080', String(http))
    .replaceAll('8443', String(https));
  writeFileSync(file, settings);
  const command = commandOf('web', 'CMD').map((word) => (word === '/etc/caddy/Caddyfile' ? file : word));
  new Program(command, { env: { WEB_HOST: 'localhost', HOME: folder, XDG_DATA_HOME: folder } });
  await untilListening(https);
  return { http, https };
}

const CURL_HEADERS = ['--silent', '--show-error', '--dump-header', '-', '--output', '/dev/null'];

/** The proxy gives the app the headers that the relay gives it, passes the API on, and sends plain HTTP to HTTPS. */
export async function checkProxy(
  proxy: { http: number; https: number },
  places: { web: string; relay: string; authorities: string },
): Promise<void> {
  const headersOf = async (address: string): Promise<Map<string, string>> => {
    const words = ['curl', ...CURL_HEADERS, '--cacert', places.authorities, '--header', 'Accept: text/html', address];
    const lines = (await run(words)).split('\r\n');
    const pairs = lines.map((line) => /^([^:]+): (.*)$/.exec(line)).filter((found) => found !== null);
    return new Map([
      ['status', lines[0] ?? ''],
      ...pairs.map(([, n = '', value = '']) => [n.toLowerCase(), value] as const),
    ]);
  };
  const [ours, theirs] = [await headersOf(`${places.web}/a/page`), await headersOf(`${places.relay}/a/page`)];
  assert.match(ours.get('status') ?? '', / 200/);
  for (const name of [
    'referrer-policy',
    'x-content-type-options',
    'cross-origin-resource-policy',
    'cross-origin-opener-policy',
    'cache-control',
  ])
    assert.equal(ours.get(name), theirs.get(name), name);
  const policyOf = (headers: Map<string, string>) =>
    headers.get('content-security-policy')?.replace(/ wss?:\/\/[\w.:]+/g, '');
  assert.equal(policyOf(ours), policyOf(theirs));
  assert.match(ours.get('content-security-policy') ?? '', / wss:\/\/localhost/);
  assert.ok(ours.get('strict-transport-security'));
  assert.match((await headersOf(`${places.web}/v1/nothing`)).get('status') ?? '', / 404/);
  assert.match((await headersOf(`${places.web}/app-missing.js`)).get('status') ?? '', / 404/);
  const plain = await headersOf(`http://127.0.0.1:${proxy.http}/x`);
  assert.match(plain.get('status') ?? '', / 308/);
}
