/**
 * From the last byte of DATA to the frame at the device's socket, at a steady 50 letters a second: once with letters
 * that each open a conversation (a key to wrap for the device), once with letters of one conversation.
 */
import { type Figure, quantile } from './figures.ts';
import { type Letter, sealLetter, sealLetters } from './letters.ts';
import { type RunningFlow, within } from './running-flow.ts';
import { type Delivery, deliverAll, deliverPaced } from './smtp-peer.ts';

const PER_SECOND = 50;
const SECONDS = 10;
const PATIENCE_SECONDS = 30;

/** Milliseconds for each delivery, matched by our letter id, which the 250 and the opened message both carry. */
async function waits(flow: RunningFlow, deliveries: readonly Delivery[]): Promise<number[]> {
  const arrivedAt = new Map<string, number>();
  for (const { at, message } of await flow.device.openAll())
    if (message.type === 'letter') arrivedAt.set(message.letterId, at);
  return deliveries.map(({ letterId, dataEndAt }) => {
    const at = letterId === null ? undefined : arrivedAt.get(letterId);
    if (at === undefined) throw new Error('an accepted letter did not arrive');
    return at - dataEndAt;
  });
}

async function measure(flow: RunningFlow, letters: readonly Letter[]): Promise<number[]> {
  const { messages } = flow.device.expect(letters.length);
  const deliveries = await deliverPaced(flow.peers, letters, PER_SECOND);
  await within(PATIENCE_SECONDS, 'the last letter', messages);
  return waits(flow, deliveries);
}

function figuresOf(name: string, meaning: string, samples: readonly number[]): Figure[] {
  const range: [number, number] = [Math.min(...samples), Math.max(...samples)];
  // The quickest letter of the run is what the way costs when nothing is in front of it.
  const beside = { name: 'quickest of the run', value: range[0], unit: 'ms' };
  return [0.5, 0.99].map((part) => {
    const value = quantile(samples, part);
    const words = { bench: 'latency', name: `${name}, p${part * 100}`, unit: 'ms', meaning };
    return { ...words, value, range, beside, ratio: value / beside.value };
  });
}

/** p50 and p99 from DATA-end to WebSocket frame. */
export async function benchLatency(flow: RunningFlow): Promise<Figure[]> {
  const { stage } = flow;
  const count = PER_SECOND * SECONDS;
  const fresh = await measure(flow, sealLetters(stage, count));
  const [from] = stage.correspondents;
  if (from === undefined) throw new RangeError('no correspondents');
  const first = sealLetter(stage, from);
  const { messages } = flow.device.expect(1);
  await deliverAll(flow.peers, [first]);
  await within(PATIENCE_SECONDS, 'the first letter', messages);
  await flow.device.openAll();
  const threaded = Array.from({ length: count }, () => sealLetter(stage, from, first.messageId));
  const following = await measure(flow, threaded);
  return [
    ...figuresOf('new conversations', `${PER_SECOND} letters/s for ${SECONDS} s, DATA-end to frame`, fresh),
    ...figuresOf('one conversation', 'the same, without a key to make and wrap', following),
  ];
}
