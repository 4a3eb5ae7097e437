/** TLS at a door whose clients are judged by their certificate: what is agreed on, and that nobody gets round the judging. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { DoorPapers, type OpenDoor, openTestDoor } from './support/door.ts';
import { TalkingPeer } from './support/talking-peer.ts';

const papers = new DoorPapers();
const opened: OpenDoor[] = [];

async function openDoor(allowsCbcSuites = false): Promise<OpenDoor> {
  const door = await openTestDoor(papers, 'listed-operators', { allowsCbcSuites });
  opened.push(door);
  return door;
}

const handshake = async (
  door: OpenDoor,
  suite: string,
  version: 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3',
): Promise<string> => {
  try {
    const options = { ciphers: suite, minVersion: version, maxVersion: version };
    const peer = await TalkingPeer.secured(door.server, 'operator', options);
    const name = peer.suite();
    peer.end();
    return name;
  } catch {
    return 'none';
  }
};

before(() => papers.issue());
after(async () => {
  await Promise.all(opened.map(({ intake }) => intake.close()));
  papers.end();
});

describe('TLS at a door for listed operators', () => {
  const AGREED = ['ECDHE-ECDSA-AES128-GCM-SHA256', 'ECDHE-ECDSA-AES256-GCM-SHA384'];
  const REFUSED = [
    'ECDHE-ECDSA-AES128-SHA256',
    'ECDHE-ECDSA-CHACHA20-POLY1305',
    'ECDHE-ECDSA-AES128-SHA',
    'AES128-SHA',
  ];

  it('agrees on the named suites and on nothing older', async () => {
    const door = await openDoor();
    for (const suite of AGREED) assert.equal(await handshake(door, suite, 'TLSv1.2'), suite);
    for (const suite of REFUSED) assert.equal(await handshake(door, suite, 'TLSv1.2'), 'none', suite);
    assert.equal(await handshake(door, 'ALL:@SECLEVEL=0', 'TLSv1.1'), 'none');
    assert.equal(await handshake(door, 'TLS_AES_256_GCM_SHA384', 'TLSv1.3'), 'TLS_AES_256_GCM_SHA384');
  });
});

describe('TLS at a door that allows the suites with CBC', () => {
  it('agrees on the two of MSSanté, which are for RSA keys, and on no other', async () => {
    const certified = papers.server;
    papers.server = await papers.issueRsaServer();
    const door = await openDoor(true);
    papers.server = certified;
    const two = ['ECDHE-RSA-AES256-SHA384', 'ECDHE-RSA-AES128-SHA256'];
    for (const suite of two) assert.equal(await handshake(door, suite, 'TLSv1.2'), suite);
    for (const suite of ['ECDHE-RSA-AES128-SHA', 'AES256-SHA256', 'DHE-RSA-AES128-GCM-SHA256'])
      assert.equal(await handshake(door, suite, 'TLSv1.2'), 'none', suite);
  });
});

describe('TLS sessions where clients are judged', () => {
  it('are not resumed, so that the whole chain is shown each time', async () => {
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      const door = await openDoor();
      const options = { minVersion: version, maxVersion: version };
      const first = await TalkingPeer.secured(door.server, 'operator', options);
      await first.say('NOOP');
      const session = first.tlsSession();
      first.end();
      const second = await TalkingPeer.secured(door.server, undefined, { ...options, session });
      const answer = await second.say('MAIL FROM:<martin@cabinet.example>');
      second.end();
      assert.equal(answer, '554 5.7.1 Client certificate required\r\n', version);
    }
  });

  it('do not change the client by renegotiation', async () => {
    const door = await openDoor();
    const options = { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' } as const;
    const peer = await TalkingPeer.secured(door.server, 'other', options);
    assert.equal(await peer.renegotiates(), false);
    peer.end();
  });
});
