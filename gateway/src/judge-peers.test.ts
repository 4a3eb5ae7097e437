/** The memory of the judge of peers: one look a minute for an operator, a new one for everything that may have changed. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PEER_LIMITS } from '@estafette/contracts/limits';
import type { PeerTask } from './envelope/judge-peer.ts';
import { createPeerJudge } from './judge-peers.ts';
import type { JudgePeer, PeerJudgement, TrustPaths } from './ports.ts';

const GOOD: PeerJudgement = { standing: 'good', subject: [{ type: 'CN', value: 'mta' }], fingerprint: 'f' };
const UNKNOWN: PeerJudgement = {
  standing: 'status-unknown',
  wants: [{ kind: 'crl', url: 'http://pki.example/a.crl' }],
};
const trust = { anchors: '/anchors.pem', lists: '/lists.pem' };
const question = (change: Partial<Parameters<JudgePeer>[0]> = {}): Parameters<JudgePeer>[0] => ({
  chain: [Buffer.from('leaf')],
  use: 'client',
  trust,
  ...change,
});

function stage(answer: (task: Omit<PeerTask, 'kind'>) => PeerJudgement = () => GOOD, until = Number.POSITIVE_INFINITY) {
  const clock = { ms: 1_000_000, now: () => new Date(clock.ms) };
  const asked: Omit<PeerTask, 'kind'>[] = [];
  const fetched: TrustPaths['fetched'] = { folder: '/fetched', version: 1 };
  const peers = createPeerJudge({
    clock,
    judge: async (task) => {
      asked.push(task);
      return { judgement: answer(task), until };
    },
    status: {
      trust: () => ({ anchors: '/letters.pem', lists: null, fetched }),
      // As certificate-status does: once more after what was missing came.
      judging: async (judge) => {
        const first = await judge();
        return 'wants' in first && first.wants.length > 0 ? judge() : first;
      },
    },
  });
  return { clock, asked, peers };
}

test('the same peer is judged once a minute, however many connections it has', async () => {
  const { clock, asked, peers } = stage();
  const found = await Promise.all(Array.from({ length: 20 }, () => peers.judge(question())));
  assert.deepEqual(new Set(found.map(({ standing }) => standing)), new Set(['good']));
  clock.ms += PEER_LIMITS.goodKeptMs - 1;
  await peers.judge(question());
  assert.equal(asked.length, 1);
  clock.ms += 1;
  await peers.judge(question());
  assert.equal(asked.length, 2);
});

test('another chain, another end of TLS, other trust files and a reload are other questions', async () => {
  const { asked, peers } = stage();
  await peers.judge(question());
  await peers.judge(question({ chain: [Buffer.from('lea'), Buffer.from('f')] }));
  await peers.judge(question({ use: 'server' }));
  await peers.judge(question({ trust: { ...trust, anchors: '/others.pem' } }));
  await peers.judge(question({ trust: { ...trust, lists: null } }));
  assert.equal(asked.length, 5);
  peers.forget();
  await peers.judge(question());
  assert.equal(asked.length, 6);
});

test('a good judgement ends with the certificate, and a bad one soon', async () => {
  const short = stage(() => GOOD, 1_000_500);
  await short.peers.judge(question());
  short.clock.ms += 500;
  await short.peers.judge(question());
  assert.equal(short.asked.length, 2);
  const bad = stage(() => ({ standing: 'revoked', wants: [] }));
  await bad.peers.judge(question());
  bad.clock.ms += PEER_LIMITS.otherKeptMs;
  await bad.peers.judge(question());
  assert.equal(bad.asked.length, 2);
});

test('what is unknown is judged again after it was fetched, with what was fetched', async () => {
  let round = 0;
  const { asked, peers } = stage(() => (round++ === 0 ? UNKNOWN : GOOD));
  assert.equal((await peers.judge(question())).standing, 'good');
  assert.deepEqual(
    asked.map((task) => task.trust.fetched?.folder),
    ['/fetched', '/fetched'],
  );
  await peers.judge(question({ trust: { ...trust, lists: null } }));
  assert.equal(asked.at(-1)?.trust.fetched, undefined, 'revocation is not asked for');
});

test('a fault of ours is not remembered as a judgement', async () => {
  let fails = true;
  const { peers } = stage(() => {
    if (fails) throw new Error('worker gone');
    return GOOD;
  });
  await assert.rejects(peers.judge(question()), /worker gone/);
  fails = false;
  assert.equal((await peers.judge(question())).standing, 'good');
});

test('what is too much to look at never reaches a worker, and memory is bounded', async () => {
  const { asked, peers } = stage();
  for (const chain of [
    [],
    Array<Buffer>(30).fill(Buffer.from('x')),
    [Buffer.alloc(PEER_LIMITS.certificateMaxBytes + 1)],
  ])
    assert.equal((await peers.judge(question({ chain }))).standing, 'malformed');
  assert.equal(asked.length, 0);
  for (let one = 0; one <= PEER_LIMITS.judgementsKeptMax; one += 1)
    await peers.judge(question({ chain: [Buffer.from(`peer ${one}`)] }));
  assert.equal(asked.length, PEER_LIMITS.judgementsKeptMax + 1);
});
