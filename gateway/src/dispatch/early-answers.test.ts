/** Answers that come before they were asked for, counted in whatever pieces they come. */
import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { awaitedBy, watchEarlyAnswers } from './early-answers.ts';

/** How often an early answer was seen, while that many are awaited. */
function earlyIn(pieces: readonly string[], awaited: number): number {
  const line = new PassThrough();
  let early = 0;
  watchEarlyAnswers(
    line,
    () => awaited,
    () => {
      early += 1;
    },
  );
  for (const piece of pieces) line.emit('data', Buffer.from(piece, 'latin1'));
  return early;
}

test('as many answers as commands are in time, one more is early', () => {
  assert.equal(earlyIn(['250 ok\r\n250 ok\r\n354 go on\r\n'], 3), 0);
  assert.equal(earlyIn(['250 ok\r\n250 ok\r\n'], 1), 1);
  assert.equal(earlyIn(['250 ok\r\n'], 0), 1);
});

test('it is told how many were awaited, because these stand', () => {
  const line = new PassThrough();
  const told: number[] = [];
  const waiting = [1, 0];
  watchEarlyAnswers(
    line,
    () => waiting.shift() ?? 0,
    (awaited) => told.push(awaited),
  );
  for (const piece of ['250 taken\r\n421 closing\r\n', '421 closing\r\n']) line.emit('data', Buffer.from(piece));
  assert.deepEqual(told, [1, 0]);
});

test('an answer of several lines is one, in one piece or byte by byte, and an empty line is none', () => {
  const answer = '250-here\r\n250-SIZE 250 \r\n\r\n250 DSN\r\n';
  assert.equal(earlyIn([answer], 1), 0);
  assert.equal(earlyIn([...answer], 1), 0);
  assert.equal(earlyIn([...answer], 0), 1);
  assert.equal(earlyIn(['250-here\r\n', '250', ' ok', ' then\r', '\n'], 0), 1);
});

test('prevents: no mail leaving any more because the library keeps its list of commands elsewhere', () => {
  assert.equal(awaitedBy({ _responseActions: [1, 2] }), 2);
  for (const changed of [{}, { _responseActions: null }, { _responseActions: 0 }])
    assert.equal(earlyIn(['250 ok\r\n250 ok\r\n'], awaitedBy(changed)), 0);
});
