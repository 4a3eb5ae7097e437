/**
 * A phone in a real browser before a double of the gateway (mobile-lite/src/test), joined and live: each letter, state
 * and report can be had at will. The page stands under the content policy of the real relay. What it opened it closes.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pagePolicy } from '@estafette/im-relay/web-app';
import { buildApp } from '@estafette/mobile-lite/build';
import { RelayDouble } from '@estafette/mobile-lite/test/relay-double';
import { openPhone, type Phone, part, waitForPhase } from './browser-phone.ts';

const TYPES: Readonly<Record<string, string>> = { js: 'text/javascript', css: 'text/css', html: 'text/html' };

export interface PhoneBeforeDouble {
  /** Of this story alone; removed at the end. */
  readonly folder: string;
  readonly relay: RelayDouble;
  readonly phone: Phone;
  readonly page: Phone['page'];
  close(): Promise<void>;
}

/** Builds the app, starts the double and joins it with a new phone. */
export async function openPhoneBeforeDouble(): Promise<PhoneBeforeDouble> {
  const folder = await mkdtemp(join(tmpdir(), 'estafette-double-'));
  const { outFolder } = await buildApp({ outFolder: join(folder, 'app') });
  const relay = await RelayDouble.start({
    serveFile: (request, response) => {
      const name = request.url === '/' ? 'index.html' : (request.url ?? '').slice(1);
      const policy = pagePolicy(request as unknown as Parameters<typeof pagePolicy>[0], false);
      const type = TYPES[name.split('.').at(-1) ?? ''] ?? 'application/octet-stream';
      readFile(join(outFolder, name)).then(
        (bytes) => response.writeHead(200, { 'content-type': type, 'content-security-policy': policy }).end(bytes),
        () => response.writeHead(404).end(),
      );
    },
  });
  const phone = await openPhone(join(folder, 'profile'));
  const { page } = phone;
  await page.goto(relay.gateway.makeLink(relay.baseUrl));
  await part(page, 'enrol-button').click();
  await waitForPhase(page, 'live');
  const close = async (): Promise<void> => {
    await phone.close();
    await relay.stop();
    await rm(folder, { recursive: true, force: true });
  };
  return { folder, relay, phone, page, close };
}
