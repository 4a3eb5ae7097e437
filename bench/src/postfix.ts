/**
 * SMTP acceptance beside Postfix, on the same machine in the same run: letters of 31 KB over STARTTLS until the 250, on
 * kept connections and with one connection a letter, as operators really send. Both promise durability: Postfix syncs its
 * queue file, the gateway its sealed spool. Postfix gets the same certificate and hands every letter to its discard
 * daemon, so that nothing but accepting is measured. Left out where Postfix cannot be run (it needs root).
 */
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { canRunPostfix, startPostfixInstance } from '@estafette/e2e/peers/postfix-instance';
import { freePort } from '@estafette/runtime/free-port.fixture';
import { closeDoor, openDoor } from './accept.ts';
import { type Figure, figureOf, median } from './figures.ts';
import { type Letter, sealLetters } from './letters.ts';
import { connectPeers, SmtpPeer } from './smtp-peer.ts';
import type { Stage } from './stage.ts';

const ROUNDS = 5;
const ROUND_MS = 1_500;
const CONNECTIONS = 8;
/** Several, because a server that greets late is only slow for each of them. */
const ONE_SHOT_CLIENTS = 16;

interface Server {
  readonly port: number;
  close(): Promise<void>;
}

async function startPostfix(stage: Stage): Promise<Server> {
  const folder = mkdtempSync(join(tmpdir(), 'estafette-postfix-'));
  chmodSync(folder, 0o755);
  const port = await freePort();
  const { gatewayCertificate, gatewayKey } = stage.demo.files;
  const instance = await startPostfixInstance(
    folder,
    [
      'myhostname = mx.officine.example',
      'mynetworks =',
      'virtual_mailbox_domains = officine.example',
      'virtual_transport = discard:',
      'smtpd_tls_security_level = encrypt',
      `smtpd_tls_cert_file = ${gatewayCertificate}`,
      `smtpd_tls_key_file = ${gatewayKey}`,
      'smtpd_recipient_restrictions = reject_unauth_destination',
      'smtpd_peername_lookup = no',
      'smtpd_client_connection_count_limit = 0',
    ],
    [`127.0.0.1:${port} inet n - n - - smtpd`],
  );
  return {
    port,
    async close() {
      await instance.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Letters accepted per second while every client does `turn` again and again. */
async function rate(
  clients: number,
  turn: (client: number, letter: Letter) => Promise<void>,
  letters: readonly Letter[],
) {
  const startedAt = performance.now();
  let accepted = 0;
  const work = async (client: number): Promise<void> => {
    while (performance.now() - startedAt < ROUND_MS) {
      await turn(client, letters[accepted % letters.length] as Letter);
      accepted += 1;
    }
  };
  await Promise.all(Array.from({ length: clients }, (_, client) => work(client)));
  return accepted / ((performance.now() - startedAt) / 1_000);
}

async function kept(port: number, authorities: string, letters: readonly Letter[]): Promise<number> {
  const peers = await connectPeers(CONNECTIONS, port, authorities);
  try {
    return await rate(CONNECTIONS, async (at, letter) => void (await peers[at]?.deliver(letter)), letters);
  } finally {
    for (const peer of peers) peer.close();
  }
}

function oneShot(port: number, authorities: string, letters: readonly Letter[]): Promise<number> {
  const turn = async (_: number, letter: Letter): Promise<void> => {
    const peer = await SmtpPeer.connect(port, authorities);
    await peer.deliver(letter);
    peer.close();
  };
  return rate(ONE_SHOT_CLIENTS, turn, letters);
}

const WAYS = { kept, oneShot } as const;
type Way = keyof typeof WAYS;
type Side = 'ours' | 'postfix';

async function playRounds(stage: Stage, ports: Record<Side, number>): Promise<Record<Way, Record<Side, number[]>>> {
  const letters = sealLetters(stage, 64);
  const authorities = readFileSync(stage.files.anchors, 'utf8');
  const samples = { kept: { ours: [], postfix: [] }, oneShot: { ours: [], postfix: [] } } as Record<
    Way,
    Record<Side, number[]>
  >;
  const sides: readonly Side[] = ['ours', 'postfix'];
  for (let round = -1; round < ROUNDS; round += 1) {
    for (const way of ['kept', 'oneShot'] as const) {
      for (const side of round % 2 === 0 ? sides : [...sides].reverse()) {
        const value = await WAYS[way](ports[side], authorities, letters);
        if (round >= 0) samples[way][side].push(value);
      }
    }
  }
  return samples;
}

function figuresOf(samples: Record<Way, Record<Side, number[]>>): Figure[] {
  const words = { bench: 'postfix', unit: '/s' };
  const beside = (way: Way) => ({ name: 'Postfix', value: median(samples[way].postfix) });
  return [
    figureOf(
      { ...words, name: '31 KB, TLS, durable, kept', meaning: `${CONNECTIONS} connections, letter after letter` },
      samples.kept.ours,
      beside('kept'),
    ),
    figureOf(
      {
        ...words,
        name: '31 KB, TLS, durable, one each',
        meaning: `${ONE_SHOT_CLIENTS} clients, a connection a letter`,
      },
      samples.oneShot.ours,
      beside('oneShot'),
    ),
  ];
}

/** Durable acceptance beside Postfix. */
export async function benchPostfix(stage: Stage): Promise<Figure[]> {
  if (!canRunPostfix()) {
    process.stderr.write('… postfix left out: it needs root and apt-get install postfix\n');
    return [];
  }
  const postfix = await startPostfix(stage);
  try {
    const door = await openDoor(stage, 'file');
    try {
      return figuresOf(await playRounds(stage, { ours: door.port, postfix: postfix.port }));
    } finally {
      await closeDoor(door);
    }
  } finally {
    await postfix.close();
  }
}
