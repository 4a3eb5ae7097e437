/**
 * Opening and sealing on one core, beside the RSA-2048 private operation of node:crypto, which neither can be quicker
 * than: a letter costs exactly one. Sides take turns within each round; rates are per second of CPU time.
 */
import { constants, privateDecrypt, publicEncrypt, randomBytes, sign } from 'node:crypto';
import { readCertificate } from '@estafette/gateway/envelope/certificate';
import { rememberingJudge } from '@estafette/gateway/envelope/certificate-path';
import { openEnvelope } from '@estafette/gateway/envelope/open-envelope';
import { sealEnvelope } from '@estafette/gateway/envelope/seal-envelope';
import { readTrustFiles } from '@estafette/gateway/envelope/trust-files';
import { openLetter } from '@estafette/gateway/letter-worker';
import { PRESETS } from '@estafette/gateway/ports';
import { ratePerCpuSecond } from './cpu.ts';
import { type Figure, figureOf, median } from './figures.ts';
import { type Letter, sealLargeLetter, sealLetters, textEntity } from './letters.ts';
import type { Correspondent, Stage } from './stage.ts';

const ROUNDS = 7;
const SLICE_MS = 250;

/** Letters of 5 MB that must be opened in a second. */
const LARGE_LETTERS_WANTED = 100;

type Sides = Record<'envelope' | 'large' | 'whole' | 'privateOperation' | 'seal' | 'sign', () => unknown>;

function inTurn<T>(list: readonly T[]): () => T {
  let at = 0;
  return () => {
    const one = list[at % list.length];
    at += 1;
    if (one === undefined) throw new RangeError('an empty list');
    return one;
  };
}

function openingSides(stage: Stage, letters: readonly Letter[]): Pick<Sides, 'envelope' | 'large' | 'whole'> {
  const next = inTurn(letters);
  const large = sealLargeLetter(stage);
  const { key } = stage.mailbox;
  const keys = [{ certificate: readCertificate(key.certificate), privateKey: key.privateKey }];
  const { letters: policy } = PRESETS.demo;
  const judge = rememberingJudge(readTrustFiles(stage.files));
  const check = (show: string): void => {
    if (show !== 'verified') throw new Error(`a letter of the bench is ${show}`);
  };
  return {
    envelope: () => check(openEnvelope(next().bytes, { letters: policy, keys, judge, at: new Date() }).verdict.show),
    large: () => check(openEnvelope(large.bytes, { letters: policy, keys, judge, at: new Date() }).verdict.show),
    async whole() {
      const opened = await openLetter({
        letter: next().bytes,
        keys: [{ certificate: key.certificate, privateKey: key.privateKey }],
        trust: stage.files,
        letters: policy,
        at: Date.now(),
      });
      check(opened.verdict.show);
    },
  };
}

function cryptoSides(stage: Stage, from: Correspondent): Omit<Sides, 'envelope' | 'large' | 'whole'> {
  const recipient = readCertificate(stage.mailbox.key.certificate);
  const { privateKey } = stage.mailbox.key;
  const padding = constants.RSA_PKCS1_PADDING;
  const encrypted = publicEncrypt({ key: recipient.publicKey, padding }, randomBytes(32));
  const entity = textEntity();
  const digestInput = entity.subarray(0, 200);
  return {
    privateOperation: () => privateDecrypt({ key: privateKey, padding }, encrypted),
    seal: () => sealEnvelope({ headers: ['From: <a@b.example>'], entity, key: from.key, recipient, at: new Date() }),
    sign: () => sign('sha256', digestInput, from.key.privateKey),
  };
}

/** Letters opened, and sealed, per second and core. */
export async function benchOpen(stage: Stage): Promise<Figure[]> {
  const [from] = stage.correspondents;
  if (from === undefined) throw new RangeError('no correspondents');
  const sides: Sides = { ...openingSides(stage, sealLetters(stage, 48)), ...cryptoSides(stage, from) };
  const names = Object.keys(sides) as (keyof Sides)[];
  const rates: Record<keyof Sides, number[]> = {
    envelope: [],
    large: [],
    whole: [],
    privateOperation: [],
    seal: [],
    sign: [],
  };
  for (const name of names) await ratePerCpuSecond(sides[name], SLICE_MS);
  for (let round = 0; round < ROUNDS; round += 1) {
    const order = round % 2 === 0 ? names : names.toReversed();
    for (const name of order) rates[name].push(await ratePerCpuSecond(sides[name], SLICE_MS));
  }
  const words = { bench: 'open', unit: '/s/core' };
  const decryption = { name: 'privateDecrypt PKCS#1, RSA-2048', value: median(rates.privateOperation) };
  const signature = { name: 'sign SHA-256, RSA-2048', value: median(rates.sign) };
  return [
    figureOf(
      { ...words, name: 'openEnvelope', meaning: 'decrypt, verify, chain remembered, address; the rest of 1 is ours' },
      rates.envelope,
      decryption,
    ),
    figureOf(
      { ...words, name: 'openEnvelope, 5 MB', meaning: 'the same with a letter of 5 MB on the wire' },
      rates.large,
      { name: 'wanted', value: LARGE_LETTERS_WANTED },
    ),
    figureOf(
      { ...words, name: 'openLetter', meaning: 'the same with content read, as a worker thread does it' },
      rates.whole,
      decryption,
    ),
    figureOf(
      { ...words, name: 'sealEnvelope', meaning: 'an answer of 20 KB signed, encrypted, encoded' },
      rates.seal,
      signature,
    ),
  ];
}
