/**
 * The SMTP door alone, as a child of the accept bench: the gateway's intake over the real lasting store, with the real
 * spool (`file`) or with one that reads and forgets (`discard`). Nothing opens the letters, so that the CPU time of
 * this process is what accepting costs. Arguments: data folder, kind of spool. Ends when its parent does.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { demoPaths } from '@estafette/cli/demo/material';
import { layFoundation, openStoreFor, settings } from '@estafette/cli/foundation';
import { openIntake } from '@estafette/gateway/intake/smtp-intake';
import { openSpool, type Spool } from '@estafette/gateway/intake/spool';
import { openFileBlobStore } from '@estafette/runtime/file-blob-store';

async function forget(
  _letterId: string,
  _facts: unknown,
  content: AsyncIterable<Uint8Array>,
): Promise<{ bytes: number }> {
  let bytes = 0;
  for await (const chunk of content) bytes += chunk.length;
  return { bytes };
}

const [home = '', kind = 'file'] = process.argv.slice(2);
const foundation = layFoundation(settings({ ESTAFETTE_HOME: home }));
const { vault, log, clock } = foundation;
const real = openSpool(await openFileBlobStore(join(home, `door-${kind}`)), vault);
const spool: Spool = kind === 'discard' ? { ...real, store: forget } : real;
const { files } = demoPaths(home);
const intake = await openIntake({
  host: '127.0.0.1',
  port: 0,
  serverName: 'gateway.officine.example',
  tls: {
    certificate: readFileSync(files.gatewayCertificate, 'utf8'),
    key: readFileSync(files.gatewayKey, 'utf8'),
  },
  policy: { requiresTls: true, admits: 'anyone', allowsCbcSuites: false },
  space: 'bench',
  judge: null,
  readFrom: () => null,
  // Flooding it is what the bench does.
  limits: { lettersPerMinutePerAddressMax: Infinity, lettersPerSessionMax: Infinity, commandsPerSessionMax: Infinity },
  store: await openStoreFor(foundation),
  spool,
  log,
  clock,
  onSpooled: () => {},
  backlog: () => 0,
});
process.once('disconnect', () => process.exit());
process.send?.({ port: intake.port });
