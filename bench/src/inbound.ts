/**
 * The whole way in, in bursts: letters on kept TLS connections until the last message frame has reached the device.
 * Acceptance runs ahead of opening, so the rate is that of the slowest stage. The CPU time is the server's, from /proc.
 */
import { privateOperationMicros } from './cpu.ts';
import { type Figure, figureOf, median } from './figures.ts';
import { sealLetters } from './letters.ts';
import { type RunningFlow, within } from './running-flow.ts';
import { deliverAll } from './smtp-peer.ts';

const ROUNDS = 5;
const LETTERS_PER_ROUND = 150;
const ROUND_MAX_SECONDS = 30;

interface Round {
  readonly lettersPerSecond: number;
  readonly acceptedPerSecond: number;
  readonly nodeMicros: number;
  readonly redisMicros: number;
  /** One RSA-2048 private operation, measured right after the round. */
  readonly operationMicros: number;
}

export async function playRound({ stage, server, device, peers }: RunningFlow, count: number): Promise<Round> {
  const letters = sealLetters(stage, count);
  const { messages } = device.expect(count);
  const cpu = server.cpuMicros();
  const startedAt = performance.now();
  const accepted = await deliverAll(peers, letters);
  const acceptedAt = Math.max(...accepted.map((delivery) => delivery.acceptedAt));
  const endedAt = await within(ROUND_MAX_SECONDS, 'a round of letters', messages);
  const spent = server.cpuMicros();
  const opened = await device.openAll();
  const shown = opened.filter(({ message }) => message.type === 'letter' && message.verdict.show === 'verified');
  if (shown.length !== count) throw new Error(`${count} letters were sent, ${shown.length} arrived verified`);
  return {
    lettersPerSecond: count / ((endedAt - startedAt) / 1_000),
    acceptedPerSecond: count / ((acceptedAt - startedAt) / 1_000),
    nodeMicros: (spent.node - cpu.node) / count,
    redisMicros: (spent.redis - cpu.redis) / count,
    operationMicros: await privateOperationMicros(stage.mailbox.key.privateKey),
  };
}

/** Letters per second and server CPU per letter, node and redis apart. */
export async function benchInbound(flow: RunningFlow): Promise<Figure[]> {
  await playRound(flow, LETTERS_PER_ROUND);
  const rounds: Round[] = [];
  for (let round = 0; round < ROUNDS; round += 1) rounds.push(await playRound(flow, LETTERS_PER_ROUND));
  const words = { bench: 'inbound' };
  const operation = { name: 'RSA-2048 private operation', unit: 'µs' };
  const operationMicros = median(rounds.map((round) => round.operationMicros));
  return [
    figureOf(
      {
        ...words,
        name: 'SMTP to device',
        unit: 'letters/s',
        meaning: 'burst; limit: one private operation each on one core',
      },
      rounds.map((round) => round.lettersPerSecond),
      { ...operation, name: 'RSA-2048 private operations', unit: '/s/core', value: 1_000_000 / operationMicros },
    ),
    figureOf(
      {
        ...words,
        name: 'node CPU',
        unit: 'µs/letter',
        meaning: 'all threads of the server; ratio: private operations',
      },
      rounds.map((round) => round.nodeMicros),
      { ...operation, value: operationMicros },
    ),
    figureOf(
      { ...words, name: 'redis CPU', unit: 'µs/letter', meaning: 'appendfsync always; ratio: private operations' },
      rounds.map((round) => round.redisMicros),
      { ...operation, value: operationMicros },
    ),
    figureOf(
      { ...words, name: '250s in the burst', unit: '/s', meaning: 'acceptance while opening goes on behind it' },
      rounds.map((round) => round.acceptedPerSecond),
    ),
  ];
}
