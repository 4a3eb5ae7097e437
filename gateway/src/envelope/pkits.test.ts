/**
 * The Public Key Interoperability Test Suite of NIST (PKITS 1.0.1): signed mails whose paths its document calls valid or
 * invalid, by title, with the policy settings it names. No path called invalid is ever accepted; every one called valid
 * is, but for those that need DSA. Sections 4.1 to 4.7 are among the shared samples, all of them in the Debian package
 * python3-cryptography-vectors.
 */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type TestContext, test } from 'node:test';
import { PRESETS } from '../ports.ts';
import { readCertificate } from './certificate.ts';
import { judgePath, type PathVerdict } from './certificate-path.ts';
import { toWireLines } from './line-ends.ts';
import { openEnvelope } from './open-envelope.ts';
import { ANY_POLICY, type PolicySettings } from './policy-graph.ts';

const SAMPLES = resolve(import.meta.dirname, '../../../../shared/samples/pkits');
const VECTORS = '/usr/lib/python3/dist-packages/cryptography_vectors/x509/PKITS_data';
const AT = new Date('2026-06-01T00:00:00Z');

const policy = (number: number): string => `2.16.840.1.101.3.2.1.48.${number}`;
type Trial = Partial<PolicySettings> & { readonly valid: boolean };

/** Valid or not with each of the policies as the one that is acceptable. */
const accepting = (valid: readonly number[], invalid: readonly number[]): Trial[] => [
  ...valid.map((number) => ({ acceptable: [policy(number)], valid: true })),
  ...invalid.map((number) => ({ acceptable: [policy(number)], valid: false })),
];
const VALID: Trial = { valid: true };
const INVALID: Trial = { valid: false };
const explicit = (trial: Trial): Trial => ({ ...trial, requireExplicit: true });

/** Tests whose outcome hangs on the settings (PKITS 4.8 to 4.12); the others run with none, and their title decides. */
const TRIALS: Readonly<Record<string, readonly Trial[]>> = {
  AllCertificatesSamePolicyTest1: [
    explicit(VALID),
    explicit({ acceptable: [policy(1)], valid: true }),
    explicit({ acceptable: [policy(2)], valid: false }),
    explicit({ acceptable: [policy(1), policy(2)], valid: true }),
  ],
  AllCertificatesNoPoliciesTest2: [VALID, explicit(INVALID)],
  DifferentPoliciesTest3: [VALID, explicit(INVALID), explicit({ acceptable: [policy(1), policy(2)], valid: false })],
  DifferentPoliciesTest4: [INVALID],
  DifferentPoliciesTest5: [INVALID],
  OverlappingPoliciesTest6: [VALID, ...accepting([1], [2])],
  DifferentPoliciesTest7: [INVALID],
  DifferentPoliciesTest8: [INVALID],
  DifferentPoliciesTest9: [INVALID],
  AllCertificatesSamePoliciesTest10: [VALID, ...accepting([1, 2], [3])],
  AllCertificatesAnyPolicyTest11: [VALID, ...accepting([1], [])],
  DifferentPoliciesTest12: [INVALID],
  AllCertificatesSamePoliciesTest13: accepting([1, 2, 3], [4]),
  AnyPolicyTest14: accepting([1], [2]),
  UserNoticeQualifierTest15: [VALID],
  UserNoticeQualifierTest16: [VALID],
  UserNoticeQualifierTest17: [VALID],
  UserNoticeQualifierTest18: [VALID, ...accepting([1, 2], [])],
  UserNoticeQualifierTest19: [VALID],
  CPSPointerQualifierTest20: [VALID],
  ValidPolicyMappingTest1: [VALID, ...accepting([1], [2]), { inhibitMapping: true, valid: false }],
  InvalidPolicyMappingTest2: [INVALID, { inhibitMapping: true, valid: false }],
  ValidPolicyMappingTest3: [VALID, ...accepting([2], [1])],
  ValidPolicyMappingTest5: [VALID, ...accepting([1], [6])],
  ValidPolicyMappingTest6: [VALID, ...accepting([1], [6])],
  ValidPolicyMappingTest12: [VALID, ...accepting([1, 2], [])],
  ValidPolicyMappingTest13: [VALID, ...accepting([1], [2])],
  inhibitAnyPolicyTest3: [VALID, { inhibitAny: true, valid: false }],
};

/** Nothing here takes DSA signatures. */
const NEEDS_DSA = ['ValidDSASignaturesTest4', 'ValidDSAParameterInheritanceTest5'];

const anchor = (file: string) => readCertificate(readFileSync(file));

function judgeMail(mail: Buffer, trial: Partial<PolicySettings>, root: ReturnType<typeof anchor>) {
  const store = { anchors: [root], intermediates: [], lists: [] };
  const policies = { ...ANY_POLICY, ...trial };
  const found: PathVerdict[] = [];
  const { verdict } = openEnvelope(toWireLines(mail), {
    letters: PRESETS.demo.letters,
    keys: [],
    at: AT,
    judge: (question) => {
      const path = judgePath({ ...question, store, policies });
      found.push(path);
      return path;
    },
  });
  return { signature: verdict.signature, reasons: verdict.reasons, judged: found.length };
}

const trialsOf = (title: string): readonly Trial[] => TRIALS[title] ?? [title.startsWith('Valid') ? VALID : INVALID];

function judgeFolder(folder: string, rootFile: string, context: TestContext): { valid: number; invalid: number } {
  const root = anchor(rootFile);
  const counts = { valid: 0, invalid: 0 };
  const wrong: string[] = [];
  const refusedForDsa: string[] = [];
  const files = readdirSync(folder).filter((file) => /^Signed.*\.eml$/.test(file));
  for (const file of files) {
    const title = file.replace(/^Signed(.*)\.eml$/, '$1');
    assert.ok(/^(Valid|Invalid)/.test(title) || title in TRIALS || title === 'MissingCRLTest1', title);
    for (const { valid, ...settings } of trialsOf(title)) {
      const { signature, reasons } = judgeMail(readFileSync(join(folder, file)), settings, root);
      counts[valid ? 'valid' : 'invalid'] += 1;
      if (valid && NEEDS_DSA.includes(title)) {
        assert.notEqual(signature, 'valid', title);
        refusedForDsa.push(title);
      } else if ((signature === 'valid') !== valid)
        wrong.push(`${title} ${JSON.stringify(settings)}: ${signature} ${reasons.join()}`);
    }
  }
  context.diagnostic(`${counts.valid} valid and ${counts.invalid} invalid paths of ${files.length} mails judged`);
  context.diagnostic(`refused because they need DSA: ${refusedForDsa.join(', ')}`);
  assert.deepEqual(wrong, []);
  assert.deepEqual(refusedForDsa.sort(), [...NEEDS_DSA].sort());
  return counts;
}

test('line 19: PKITS 4.1 to 4.7, of the shared samples, are judged as their titles say', {
  skip: existsSync(SAMPLES) ? false : 'the shared samples are not beside the checkout',
}, (context) => {
  const counts = judgeFolder(join(SAMPLES, 'mail'), join(SAMPLES, 'TrustAnchorRootCertificate.crt'), context);
  assert.ok(counts.valid > 30 && counts.invalid > 35);
});

test('line 19: PKITS 4.1 to 4.16, the whole suite, are judged as their titles say', {
  skip: existsSync(VECTORS) ? false : 'the package python3-cryptography-vectors is not installed',
}, (context) => {
  const counts = judgeFolder(join(VECTORS, 'smime'), join(VECTORS, 'certs/TrustAnchorRootCertificate.crt'), context);
  assert.ok(counts.valid + counts.invalid >= 224);
});
