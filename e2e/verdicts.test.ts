/**
 * By hand, with openssl and swaks over STARTTLS: every way a letter can be protected, and every way that protection can be
 * false, gets its word. `inspect` reads the same files and must say the same.
 */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { foreignSigner, secondAuthority } from './support/authorities.ts';
import type { Chat, ChatLine } from './support/chat.ts';
import { attachment, type Letter, letterOf, part, textPart } from './support/letters.ts';
import { encrypt, identityIn, type SignerFiles, sign } from './support/openssl.ts';
import { type Destination, sendWithSwaks } from './support/post-office.ts';
import { encoded, resultText } from './support/result-text.ts';
import { Stage } from './support/stage.ts';

interface Words {
  readonly show: string | undefined;
  readonly signature: string | undefined;
  readonly identity: string | undefined;
  readonly encryption: string | undefined;
  readonly reasons: readonly string[] | undefined;
}

const TEXT = textPart('Bonjour,\r\nLe traitement est à reconduire.\r\n');
const SAMPLES = new URL('../../shared/samples/hprim/', import.meta.url);

const wordsOf = ({ show, signature, identity, encryption, reasons }: Words): Words => ({
  show,
  signature,
  identity,
  encryption,
  reasons: [...(reasons ?? [])].sort(),
});

const words = (show: string, signature: string, identity: string, encryption: string, reasons: string[]): Words => ({
  show,
  signature,
  identity,
  encryption,
  reasons,
});

/** Changes one byte. */
function altered(entity: Buffer, at: number): Buffer {
  const copy = Buffer.from(entity);
  copy[at] = copy[at] === 0x41 ? 0x42 : 0x41;
  return copy;
}

// Each worker looks at the trust files for itself: one, so that what a letter was judged by holds for the next.
const stage = new Stage({ ESTAFETTE_OPEN_WORKERS: '1' });
let destination: Destination;
let chat: Chat;
let doctor: SignerFiles;
const sentFiles: { file: string; seen: ChatLine }[] = [];

before(async () => {
  const server = await stage.start();
  destination = { port: server.smtpPort, authorities: stage.demo('ca.pem') };
  chat = await stage.chat();
  doctor = identityIn(stage.demo('doctor'));
});
after(() => stage.close());

/** Sends an entity as a letter of the doctor with swaks, keeps the file for inspection, gives what the device shows. */
async function arrive(entity: Buffer, from = stage.address('doctor')): Promise<ChatLine> {
  const { letter, seen } = await post(entity, from);
  const file = join(stage.home, `letter-${sentFiles.length + 1}.eml`);
  writeFileSync(file, letter.bytes);
  sentFiles.push({ file, seen });
  return seen;
}

async function post(entity: Buffer, from: string): Promise<{ letter: Letter; seen: ChatLine }> {
  const heading = { from, to: stage.address('pharmacy'), subject: `Courrier ${sentFiles.length + 1}` };
  const letter = letterOf(heading, entity);
  return { letter, seen: await chat.arrival(await sendWithSwaks(destination, letter)) };
}

const toPharmacy = (entity: Buffer): Promise<Buffer> => encrypt(stage.demo('pharmacy', 'cert.pem'), entity);

describe('a letter that is what it says', () => {
  it('with a detached signature is verified and marked as not encrypted', async () => {
    const seen = await arrive(await sign(doctor, TEXT));
    const expected = words('verified', 'valid', 'match', 'none', ['not-encrypted']);
    assert.deepEqual(wordsOf(seen as Words), expected);
    assert.match(seen.documents?.[0]?.text ?? '', /à reconduire/);
  });

  it('with an opaque signature is verified and marked as not encrypted', async () => {
    const seen = await arrive(await sign(doctor, TEXT, 'opaque'));
    const expected = words('verified', 'valid', 'match', 'none', ['not-encrypted']);
    assert.deepEqual(wordsOf(seen as Words), expected);
  });

  it('encrypted and not signed is shown as unverified', async () => {
    const seen = await arrive(await toPharmacy(TEXT));
    const expected = words('unverified', 'none', 'none', 'opened', ['not-authenticated', 'not-signed']);
    assert.deepEqual(wordsOf(seen as Words), expected);
    assert.match(seen.documents?.[0]?.text ?? '', /à reconduire/);
  });

  for (const form of ['detached', 'opaque'] as const) {
    it(`signed (${form}) and encrypted is verified without a reservation`, async () => {
      const seen = await arrive(await toPharmacy(await sign(doctor, TEXT, form)));
      const expected = words('verified', 'valid', 'match', 'opened', []);
      assert.deepEqual(wordsOf(seen as Words), expected);
    });
  }
});

describe('a letter on its way', () => {
  it('keeps lines that begin with a dot: the signature still fits', async () => {
    const dots = Buffer.from('Content-Type: text/plain; charset=utf-8\r\n\r\n.\r\n..\r\n.debut\r\n');
    const seen = await arrive(await sign(doctor, dots));
    assert.equal(seen.show, 'verified');
    assert.match(seen.documents?.[0]?.text ?? '', /^\.\n\.\.\n\.debut/);
  });
});

describe('a letter that is not what it says is never verified', () => {
  it('one byte of the text altered after signing: quarantine, content altered', async () => {
    const signed = await sign(doctor, TEXT);
    const marker = 'base64\r\n\r\n';
    const seen = await arrive(altered(signed, signed.indexOf(marker) + marker.length + 3));
    const expected = { show: 'quarantine', signature: 'invalid', identity: 'none', encryption: 'none' };
    const { reasons, ...others } = wordsOf(seen as Words);
    assert.deepEqual(others, expected);
    assert.ok(reasons?.includes('content-altered'), String(reasons));
    assert.deepEqual(seen.documents, []);
  });

  it('one byte of the signature altered: quarantine', async () => {
    const signed = await sign(doctor, TEXT);
    const seen = await arrive(altered(signed, signed.lastIndexOf('\n\n--') - 8));
    assert.equal(seen.show, 'quarantine');
    assert.notEqual(seen.signature, 'valid');
  });

  it('one byte of the encrypted content altered, signed inside: not verified', async () => {
    const sealed = await toPharmacy(await sign(doctor, TEXT));
    const line = sealed.indexOf('\n', Math.floor(sealed.length * 0.7));
    const seen = await arrive(altered(sealed, line + 10));
    assert.equal(seen.show, 'quarantine');
    assert.notEqual(seen.signature, 'valid');
  });

  it('signed by an authority nobody knows: unverified, issuer unknown', async () => {
    const foreign = await foreignSigner(join(stage.home, 'foreign'), stage.address('doctor'));
    const seen = await arrive(await toPharmacy(await sign(foreign, TEXT)));
    const expected = words('unverified', 'untrusted', 'match', 'opened', ['issuer-unknown']);
    assert.deepEqual(wordsOf(seen as Words), expected);
  });

  it('signed by the holder of another address: unverified, sender is not the signer', async () => {
    const seen = await arrive(await toPharmacy(await sign(identityIn(stage.demo('lab')), TEXT)));
    const expected = words('unverified', 'valid', 'mismatch', 'opened', ['from-mismatch']);
    assert.deepEqual(wordsOf(seen as Words), expected);
  });

  it('signed with a revoked certificate: quarantine, certificate revoked', async () => {
    const trust = { anchors: stage.demo('ca.pem'), lists: stage.demo('crl.pem') };
    const { revoked, renewed } = await secondAuthority(join(stage.home, 'second'), stage.address('doctor'), trust);
    // The gateway looks at its trust files every few seconds: the renewed certificate says when it knows the authority.
    const entity = await toPharmacy(await sign(renewed, TEXT));
    for (let times = 0, isTrusted = false; !isTrusted; times += 1) {
      assert.ok(times < 60, 'the renewed certificate is never trusted');
      if (times > 0) await pause(1_000);
      isTrusted = (await post(entity, stage.address('doctor'))).seen.show === 'verified';
    }
    const seen = await arrive(await toPharmacy(await sign(revoked, TEXT)));
    const expected = words('quarantine', 'untrusted', 'match', 'opened', ['certificate-revoked']);
    assert.deepEqual(wordsOf(seen as Words), expected);
    assert.deepEqual(seen.documents, []);
  });
});

describe('a letter that must not be shown goes to quarantine with its reason', () => {
  it('neither signed nor encrypted', async () => {
    const seen = await arrive(TEXT);
    assert.equal(seen.type, 'quarantine');
    assert.equal(seen.show, 'quarantine');
    assert.ok(seen.reasons?.includes('unprotected'), String(seen.reasons));
    assert.deepEqual(seen.documents, []);
  });

  it('garbage in place of the envelope', async () => {
    const garbage = part(
      'application/pkcs7-mime; smime-type=enveloped-data; name="smime.p7m"',
      'ceci n’est pas une enveloppe',
    );
    const seen = await arrive(garbage);
    assert.equal(seen.type, 'quarantine');
    assert.deepEqual(seen.reasons, ['envelope-malformed']);
  });

  it('half an envelope', async () => {
    const sealed = await toPharmacy(await sign(doctor, TEXT));
    const seen = await arrive(sealed.subarray(0, sealed.lastIndexOf('\n', sealed.length / 2) + 1));
    assert.equal(seen.type, 'quarantine');
    assert.notEqual(seen.signature, 'valid');
  });

  it('encrypted for somebody else', async () => {
    const seen = await arrive(await encrypt(stage.demo('lab', 'cert.pem'), await sign(doctor, TEXT)));
    assert.equal(seen.type, 'quarantine');
    assert.deepEqual(seen.reasons, ['not-for-us']);
  });
});

describe('inspect', () => {
  it('says of the same files what the way in said', async () => {
    const files = sentFiles.map(({ file }) => file);
    const { code, output, errors } = await stage.run([
      'inspect',
      ...files,
      '--for',
      stage.address('pharmacy'),
      '--json',
    ]);
    assert.equal(code, 0, errors);
    const lines = output
      .toString()
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Words & { file: string });
    assert.deepEqual(
      lines.map(({ file }) => file),
      files,
    );
    for (const [at, { file, seen }] of sentFiles.entries())
      assert.deepEqual(wordsOf(lines[at] as Words), wordsOf(seen as Words), file);
  });
});

describe('the same result in three character sets', () => {
  const cardOf = (seen: ChatLine) => {
    const report = seen.documents?.find((document) => document.kind === 'report')?.report;
    assert.ok(report !== undefined, `no card among ${seen.documents?.map(({ kind }) => kind).join(', ')}`);
    return { patient: report.patient, results: report.results };
  };
  const assertCritical = (card: ReturnType<typeof cardOf>) => {
    const inr = card.results.find(({ label }) => label === 'INR');
    assert.deepEqual([inr?.first.value, inr?.flag, inr?.severity], ['6.8', 'HH', 'critical']);
  };
  const fromLab = async (entity: Buffer) =>
    cardOf(await arrive(await toPharmacy(await sign(identityIn(stage.demo('lab')), entity)), stage.address('lab')));

  it('gives the same card, as the body and as an attachment', async () => {
    const cards: ReturnType<typeof cardOf>[] = [];
    for (const charset of ['cp1252', 'cp850', 'utf-8'] as const) {
      const bytes = encoded(resultText(), charset);
      cards.push(await fromLab(part('text/plain', bytes)));
      cards.push(await fromLab(attachment('application/octet-stream', 'resultat.hpr', bytes)));
    }
    for (const card of cards) assert.deepEqual(card, cards[0]);
    assertCritical(cards[0] as (typeof cards)[0]);
    assert.equal(cards[0]?.patient.givenName, 'Mélanie');
  });

  it('gives the same card for the shared samples, where they lie beside the checkout', async (t) => {
    if (!existsSync(SAMPLES)) return t.skip('the shared samples are not here');
    const names = ['cp1252-crlf', 'cp850-crlf', 'utf8bom-lf'];
    const cards: ReturnType<typeof cardOf>[] = [];
    for (const name of names) {
      const bytes = readFileSync(new URL(`inr-critique-${name}.hpr`, SAMPLES));
      cards.push(await fromLab(attachment('application/octet-stream', `${name}.hpr`, bytes)));
    }
    for (const card of cards) assert.deepEqual(card, cards[0]);
    assertCritical(cards[0] as (typeof cards)[0]);
  });
});
