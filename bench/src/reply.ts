/**
 * From the reply frame to the 250 of the remote operator, at five replies a second: opened, composed, signed, encrypted
 * and sent, each state announced to the device. They are sent now: the pause for others is their author's, not ours.
 */
import { privateOperationMicros } from './cpu.ts';
import { type Figure, quantile } from './figures.ts';
import { sealLetters } from './letters.ts';
import { type RunningFlow, within } from './running-flow.ts';
import { deliverAll } from './smtp-peer.ts';

const PER_SECOND = 5;
const SECONDS = 10;
const PATIENCE_SECONDS = 30;

const pause = (ms: number): Promise<void> => new Promise((wake) => setTimeout(wake, ms));

async function untilAllAccepted(flow: RunningFlow, replyIds: readonly string[]): Promise<void> {
  while (!replyIds.every((replyId) => flow.nextHop.acceptedAt.has(replyId))) await pause(20);
}

/** p50 and p99 from reply frame to remote 250. */
export async function benchReply(flow: RunningFlow): Promise<Figure[]> {
  const { device, nextHop, peers, server, stage } = flow;
  const count = PER_SECOND * SECONDS;
  const { messages } = device.expect(count);
  await deliverAll(peers, sealLetters(stage, count));
  await within(PATIENCE_SECONDS, 'the letters to answer', messages);
  const conversations = (await device.openAll()).map(({ conversationId }) => conversationId);
  const replies = await Promise.all(
    conversations.map((conversationId) => device.sealReply(conversationId, 'INR vu, je rappelle le patient ce matin.')),
  );
  const sentAt = new Map<string, number>();
  const cpu = server.cpuMicros();
  const startedAt = performance.now();
  for (const [at, reply] of replies.entries()) {
    await pause(Math.max(0, startedAt + (at * 1_000) / PER_SECOND - performance.now()));
    sentAt.set(reply.replyId, device.sendReply(reply));
  }
  await within(PATIENCE_SECONDS, 'the last reply', untilAllAccepted(flow, [...sentAt.keys()]));
  const spent = server.cpuMicros();
  const samples = [...sentAt].map(([replyId, at]) => (nextHop.acceptedAt.get(replyId) ?? Number.NaN) - at);
  const range: [number, number] = [Math.min(...samples), Math.max(...samples)];
  const beside = { name: 'quickest of the run', value: range[0], unit: 'ms' };
  const meaning = `${PER_SECOND} replies/s for ${SECONDS} s, frame to the remote 250`;
  const figures = [0.5, 0.99].map((part): Figure => {
    const value = quantile(samples, part);
    const words = { bench: 'reply', name: `p${part * 100}`, unit: 'ms', meaning };
    return { ...words, value, range, beside, ratio: value / beside.value };
  });
  const value = (spent.node - cpu.node) / count;
  const operation = await privateOperationMicros(stage.mailbox.key.privateKey);
  return [
    ...figures,
    {
      bench: 'reply',
      name: 'node CPU',
      unit: 'µs/reply',
      meaning: 'idle work of the server included; ratio: private operations',
      value,
      beside: { name: 'RSA-2048 private operation', value: operation, unit: 'µs' },
      ratio: value / operation,
    },
  ];
}
