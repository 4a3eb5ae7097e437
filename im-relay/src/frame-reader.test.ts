import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type DeviceFrame, DeviceFrameSchema } from '@estafette/contracts/frames';
import { newId } from '@estafette/contracts/ids';
import fc from 'fast-check';
import * as v from 'valibot';
import { readDeviceFrame } from './frame-reader.ts';

const FUZZ = { seed: 20_251_121, numRuns: 20_000, interruptAfterTimeLimit: 2_000 } as const;

const text = fc.stringMatching(/^[A-Za-z0-9_-]{1,60}$/);
const cursor = fc.nat({ max: Number.MAX_SAFE_INTEGER });
const goodFrame: fc.Arbitrary<DeviceFrame> = fc.oneof(
  fc.record({
    t: fc.constant('hello' as const),
    v: fc.constant(1 as const),
    epoch: fc.option(fc.string(), { nil: null }),
    cursor,
  }),
  fc.record({ t: fc.constant('ack' as const), cursor }),
  fc.constant({ t: 'ping' as const }),
  fc.record({
    t: fc.constant('reply' as const),
    reply: fc.record({
      replyId: fc.constant(newId('reply')),
      conversationId: fc.constant(newId('conversation')),
      iv: text,
      ct: text,
      signature: text,
    }),
  }),
);

test('a good frame is read as it was written', () => {
  fc.assert(
    fc.property(goodFrame, (frame) => {
      const sent = JSON.stringify(frame);
      assert.deepEqual(readDeviceFrame(sent), JSON.parse(sent));
    }),
    FUZZ,
  );
});

/** A good frame with one place of its text replaced. */
const damaged = fc
  .tuple(goodFrame, fc.nat(), fc.nat({ max: 8 }), fc.string({ maxLength: 8 }))
  .map(([frame, at, length, noise]) => {
    const whole = JSON.stringify(frame);
    const start = at % whole.length;
    return whole.slice(0, start) + noise + whole.slice(start + length);
  });

test('whatever text comes, nothing is thrown and nothing but a frame of the schema is read', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json(), damaged), (sent) => {
      const frame = readDeviceFrame(sent);
      assert.ok(frame === null || v.is(DeviceFrameSchema, frame));
    }),
    FUZZ,
  );
});

test('fields that no schema names do not pass', () => {
  const sent = '{"t":"ping","mailboxId":"mbx_1","__proto__":{"t":"ack"},"constructor":1}';
  assert.deepEqual(readDeviceFrame(sent), { t: 'ping' });
});

test('a deep nest of brackets is no frame', () => {
  assert.equal(readDeviceFrame('['.repeat(60_000)), null);
  assert.equal(readDeviceFrame(`{"t":"ping","x":${'['.repeat(20_000)}${']'.repeat(20_000)}}`)?.t, 'ping');
});
