/**
 * Correspondents' software is not Estafette: openssl, NSS, gpgsm and Bouncy Castle make letters that are opened here, and
 * open letters that are sealed here, in every way of docs/interop.md. Bouncy Castle needs a JDK, which `npm run interop`
 * brings and `npm test` does not.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { hasBouncyCastle } from './interop/bouncy-castle-tool.ts';
import { INBOUND_CASES, OUTBOUND_CASES } from './interop/cases.ts';
import { judgeInbound, judgeOutbound } from './interop/judge.ts';
import { faultsOfInside, faultsOfMail } from './interop/mail-faults.ts';
import { seal } from './interop/matrix.ts';
import { decryptWithOpenssl } from './interop/openssl-tool.ts';
import { renderTables } from './interop/page.ts';
import { TOOL_KEYS, TOOL_NAMES } from './interop/reasons.ts';
import { startTools, stopTools, type Tools } from './interop/tools.ts';
import { type KeyKind, makeWorld, type World } from './interop/world.ts';

const bouncyCastle = await hasBouncyCastle();
const present = TOOL_KEYS.filter((key) => key !== 'bouncyCastle' || bouncyCastle);
const WITHOUT = 'Bouncy Castle is not installed; npm run interop installs it';

/** RFC 8551 §3.5.3.2; the digest goes with the key. */
const MICALGS: Readonly<Partial<Record<KeyKind, string>>> = { p384: 'sha-384', p521: 'sha-512', ed25519: 'sha-512' };

let world: World;
/** Where the pharmacy has its certificates from an authority nobody knows. */
let elsewhere: World;
let tools: Tools;

before(async () => {
  world = makeWorld();
  elsewhere = makeWorld();
  tools = await startTools(present, world);
});
after(async () => {
  await stopTools(tools ?? new Map());
  world?.remove();
  elsewhere?.remove();
});

for (const key of TOOL_KEYS) {
  describe(`between ${TOOL_NAMES[key]} and Estafette`, { skip: present.includes(key) ? false : WITHOUT }, () => {
    it('every letter it can make gets its word', async () => {
      const surprises: string[] = [];
      for (const one of INBOUND_CASES) surprises.push((await judgeInbound(key, one, tools, world)) ?? '');
      assert.deepEqual(surprises.filter(Boolean), []);
    });

    it('every letter it can open is decrypted and verified byte for byte', async () => {
      const surprises: string[] = [];
      for (const one of OUTBOUND_CASES) surprises.push((await judgeOutbound(key, one, tools, world)) ?? '');
      assert.deepEqual(surprises.filter(Boolean), []);
    });

    it("a stranger's letter is refused: the judge can say no", async () => {
      const [usual] = OUTBOUND_CASES;
      assert.ok(usual);
      const mail = seal(usual, { ...world, pharmacy: elsewhere.pharmacy });
      await assert.rejects(async () => tools.get(key)?.open(mail, world.doctor.rsa));
    });
  });
}

describe('the letter inside a sealed mail', () => {
  it('is right for a strict reader of mails, its micalg that of the signature', async () => {
    const faults: string[] = [];
    const ours = OUTBOUND_CASES.filter((one) => one.recipient !== 'x25519');
    for (const one of ours) {
      const inside = await decryptWithOpenssl(seal(one, world), world.doctor[one.recipient]);
      faults.push(...faultsOfInside(inside, MICALGS[one.signer] ?? 'sha-256').map((fault) => `${one.name}: ${fault}`));
    }
    assert.deepEqual(faults, []);
  });
});

describe('the strict reader of mails', () => {
  const HEAD = [
    'From: <pharmacie@officine.example>',
    'To: <claire.martin@cabinet.example>',
    'Subject: Re: INR',
    'Date: Mon, 15 Jun 2026 10:00:00 +0000',
    'Message-ID: <answer-1@officine.example>',
    'MIME-Version: 1.0',
    'Content-Type: application/pkcs7-mime; smime-type=enveloped-data; name="smime.p7m"',
    'Content-Transfer-Encoding: base64',
    'Content-Disposition: attachment; filename="smime.p7m"',
  ];
  const mailOf = (head: readonly string[], body: string): string[] =>
    faultsOfMail(Buffer.from([...head, '', body, ''].join('\r\n'), 'latin1'));
  const FULL_LINE = 'A'.repeat(76);

  it('finds nothing wrong with a right one', () => {
    assert.deepEqual(mailOf(HEAD, `${FULL_LINE}\r\n${FULL_LINE}\r\nQUJD`), []);
  });

  it('finds what is wrong', () => {
    assert.deepEqual(mailOf(HEAD.slice(1), 'QUJD'), ['not exactly one From']);
    assert.deepEqual(mailOf([...HEAD, 'Date: again'], 'QUJD'), ['not exactly one Date']);
    assert.deepEqual(mailOf([...HEAD, 'X-Note: é'], 'QUJD'), ['an octet above 126']);
    assert.deepEqual(mailOf([...HEAD, `X-Note: ${'a'.repeat(998)}`], 'QUJD'), ['a line of more than 998 characters']);
    assert.deepEqual(mailOf([...HEAD, 'X-Note: a\nb'], 'QUJD'), ['a bare CR or LF']);
    assert.deepEqual(mailOf(HEAD, `${FULL_LINE}AAAA`), ['base64 not in lines of 76']);
    assert.deepEqual(mailOf(HEAD, 'QUJD\r\nQUJD'), ['base64 not in lines of 76']);
  });

  it('finds what is wrong inside', () => {
    const inside = (type: string, ...lines: readonly string[]): string[] =>
      faultsOfInside(Buffer.from([`Content-Type: ${type}`, '', ...lines, ''].join('\r\n')), 'sha-256');
    const type = 'multipart/signed; protocol="application/pkcs7-signature"; micalg=sha-256; boundary="b"';
    const lines = [
      '--b',
      'Content-Type: text/plain',
      '',
      'INR',
      '--b',
      'Content-Type: application/pkcs7-signature; name="smime.p7s"',
      'Content-Transfer-Encoding: base64',
      'Content-Disposition: attachment; filename="smime.p7s"',
      '',
      'QUJD',
      '--b--',
    ];
    assert.deepEqual(inside(type, ...lines), []);
    assert.deepEqual(inside(type.replace('256', '512'), ...lines), ['another micalg than sha-256']);
    assert.deepEqual(inside(type, ...lines, 'a footer'), ['not two parts and nothing around them']);
    assert.deepEqual(inside(type, ...lines.filter((line) => !line.endsWith('base64'))), [
      'another Content-Transfer-Encoding than base64',
    ]);
  });
});

describe('docs/interop.md', () => {
  it('lists the cases of the code, no more and no less', () => {
    const page = readFileSync(join(import.meta.dirname, '..', 'docs', 'interop.md'), 'utf8');
    assert.ok(page.includes(renderTables()), 'npm run interop writes it anew');
    const rows = page.split('\n').filter((line) => /^\| .* \| (ok|no \(\d+\)) \|$/.test(line));
    assert.equal(rows.length, INBOUND_CASES.length + OUTBOUND_CASES.length);
  });
});
