/** `estafette start`, `gateway`, `relay`: serves until a signal asks it to stop. */
import QRCode from 'qrcode';
import { makeEnrolment } from '../enrolment.ts';
import { type Foundation, layFoundation, openStoreFor, settings } from '../foundation.ts';
import { type Role, type Servers, startServers } from '../servers.ts';
import { untilAskedToStop } from '../stop-signal.ts';

async function demoLink(foundation: Foundation, servers: Servers): Promise<string | null> {
  if (servers.demo === null || servers.web === null) return null;
  const store = await openStoreFor(foundation);
  try {
    const request = {
      address: servers.demo.people.pharmacy.address,
      person: undefined,
      web: servers.web,
      deviceTtlSeconds: null,
      now: new Date(),
    };
    return (await makeEnrolment(store, request)).link;
  } finally {
    await store.close();
  }
}

async function welcome(servers: Servers, link: string | null): Promise<string> {
  const lines = ['', 'Estafette is ready.', ''];
  const [only, ...others] = servers.doors;
  if (only !== undefined && others.length === 0) lines.push(`  Letters (SMTP, STARTTLS)   ${only.address}`);
  else for (const { space, address } of servers.doors) lines.push(`  ${`Letters of ${space}`.padEnd(26)} ${address}`);
  if (servers.web !== null) lines.push(`  Web app                    ${servers.web}`);
  if (servers.demo !== null && link !== null) {
    const code = await QRCode.toString(link, { type: 'terminal', small: true, errorCorrectionLevel: 'L' });
    lines.push(
      '',
      `  Enrol a phone or browser for the demo pharmacy (${servers.demo.people.pharmacy.address}); the link works once:`,
      '',
      `  ${link}`,
      '',
      code,
      '  Send a first letter and a laboratory result:   npx estafette demo',
      `  Or by hand, with openssl and swaks:            ${servers.demo.folder}/README.txt`,
    );
  }
  return [...lines, '', 'Ctrl-C stops.', ''].join('\n');
}

/** Serves the roles; resolves when everything has stopped. */
export async function serve(roles: readonly Role[], options: { json: boolean }): Promise<void> {
  const foundation = layFoundation(settings());
  const { ESTAFETTE_TRUST_SPACES: spaces } = foundation.config;
  let reload: Servers['reload'] = null;
  // Before there is anything to reload there is nothing to do: the file is read at the end of the start.
  const stop = untilAskedToStop({ onHangUp: spaces === null ? undefined : () => void reload?.() });
  const servers = await startServers(
    foundation,
    roles,
    (sentence) => void (options.json ? undefined : process.stderr.write(`${sentence}\n`)),
  );
  reload = servers.reload;
  try {
    const link = await demoLink(foundation, servers);
    const { smtp, web, doors } = servers;
    const ready = { event: 'ready', smtp, web, enrol: link, doors };
    process.stdout.write(options.json ? `${JSON.stringify(ready)}\n` : await welcome(servers, link));
    await stop.asked;
    if (!options.json) process.stderr.write('Stopping …\n');
  } finally {
    await servers.stop();
  }
}
