/**
 * The rows of the interop matrix. Inbound: layers a foreign tool puts around a letter, innermost first, and the words
 * Estafette must find. Outbound: how Estafette seals. A row says for which tools it is not possible and why; a cell
 * without a reason must work, a cell with one must not, and both are tried (reasons.ts).
 */
import type { SealingContent, SealingForm, SealingTransport } from '@estafette/gateway/ports';
import type { ReasonKey, ToolKey } from './reasons.ts';
import type { EncryptWish, Oaep, SignWish } from './tool.ts';
import type { KeyKind } from './world.ts';

type Absences = Readonly<Partial<Record<ToolKey, ReasonKey>>>;

export interface SignLayer extends Omit<SignWish, 'signers'> {
  readonly layer: 'sign';
  readonly signers: readonly KeyKind[];
}
export interface EncryptLayer extends Omit<EncryptWish, 'recipients'> {
  readonly layer: 'encrypt';
  readonly recipients: readonly KeyKind[];
}
export type Layer = SignLayer | EncryptLayer | { readonly layer: 'compress' };

export interface InboundCase {
  readonly name: string;
  readonly layers: readonly Layer[];
  /** signature, identity, encryption, show; after a colon the reason of a refusal. */
  readonly expect: string;
  readonly opensTripleDes: boolean;
  /** Which of its keys the pharmacy has; absent: every one. */
  readonly keys?: readonly KeyKind[];
  /** A verified letter of the sender came before: his certificate is known. */
  readonly knowsSender?: boolean;
  readonly no: Absences;
}

/** A letter of the pharmacy to the doctor. */
export interface OutboundCase {
  readonly name: string;
  readonly signer: KeyKind;
  readonly recipient: KeyKind;
  readonly form: SealingForm;
  readonly content: SealingContent;
  readonly keyTransport: SealingTransport;
  readonly protectsHeaders: boolean;
  readonly no: Absences;
}

const VERIFIED = 'valid match none verified';
const OPENED = 'none none opened unverified';
const BOTH = 'valid match opened verified';

const sign = (change: Partial<SignLayer> = {}): SignLayer => ({
  layer: 'sign',
  signers: ['rsa'],
  digest: 'sha256',
  padding: 'pkcs1',
  form: 'detached',
  named: 'issuer',
  certificates: true,
  attributes: true,
  ...change,
});

const encrypt = (change: Partial<EncryptLayer> = {}): EncryptLayer => ({
  layer: 'encrypt',
  recipients: ['rsa'],
  content: 'aes-256-cbc',
  derivation: 'sha256',
  wrap: 256,
  named: 'issuer',
  streamed: false,
  ...change,
});

function row(name: string, layers: readonly Layer[], expect: string, no: Absences = {}): InboundCase {
  return { name, layers, expect, opensTripleDes: false, no };
}

const NO_KEY_IDENTIFIER: Absences = { nss: 'nss-key-identifier', gpgsm: 'gpgsm-key-identifier' };
const NO_PSS: Absences = { nss: 'nss-pss', gpgsm: 'gpgsm-pss' };
const NO_ED25519: Absences = { openssl: 'openssl-ed25519', nss: 'nss-25519', gpgsm: 'gpgsm-ed25519' };
const NO_X25519: Absences = { openssl: 'openssl-x25519', nss: 'nss-25519', gpgsm: 'gpgsm-agreement' };
const NO_ATTRIBUTES_LEFT_OUT: Absences = { nss: 'nss-attributes', gpgsm: 'gpgsm-attributes' };
const NO_OAEP: Absences = { nss: 'nss-oaep', gpgsm: 'gpgsm-oaep' };
const NO_AGREEMENT: Absences = { nss: 'nss-agreement', gpgsm: 'gpgsm-agreement' };
const NO_GCM: Absences = { nss: 'nss-gcm', gpgsm: 'gpgsm-gcm' };
const NO_COMPRESSION: Absences = {
  openssl: 'openssl-compression',
  nss: 'nss-compression',
  gpgsm: 'gpgsm-compression',
};

const refused = (reason: string): string => `invalid none none quarantine: ${reason}`;

const SIGNED: readonly InboundCase[] = [
  row('RSA v1.5 SHA-256, detached', [sign()], VERIFIED),
  row('RSA v1.5 SHA-384, detached', [sign({ digest: 'sha384' })], VERIFIED),
  row('RSA v1.5 SHA-512, detached', [sign({ digest: 'sha512' })], VERIFIED),
  row('RSA v1.5, opaque', [sign({ form: 'opaque' })], VERIFIED),
  row('RSA v1.5, opaque in streamed BER', [sign({ form: 'streamed' })], VERIFIED),
  row('RSA v1.5, signer named by key identifier', [sign({ named: 'key-identifier' })], VERIFIED, NO_KEY_IDENTIFIER),
  row('RSA-PSS with an RSA key', [sign({ padding: 'pss' })], VERIFIED, NO_PSS),
  row('RSA-PSS SHA-512, opaque', [sign({ padding: 'pss', digest: 'sha512', form: 'opaque' })], VERIFIED, NO_PSS),
  row('RSA-PSS with an id-RSASSA-PSS key', [sign({ signers: ['rsa-pss'], padding: 'pss' })], VERIFIED, NO_PSS),
  row('ECDSA P-256', [sign({ signers: ['p256'] })], VERIFIED),
  row('ECDSA P-384 SHA-384', [sign({ signers: ['p384'], digest: 'sha384' })], VERIFIED),
  row('ECDSA P-521 SHA-512', [sign({ signers: ['p521'], digest: 'sha512' })], VERIFIED),
  row('ECDSA brainpoolP256r1', [sign({ signers: ['brainpool'] })], VERIFIED, { nss: 'nss-brainpool' }),
  row('Ed25519', [sign({ signers: ['ed25519'], digest: 'sha512' })], VERIFIED, NO_ED25519),
  row('two signers, RSA and ECDSA', [sign({ signers: ['rsa', 'p256'] })], VERIFIED, { nss: 'nss-two-signers' }),
  row('no certificate in the message: refused', [sign({ certificates: false })], refused('signer-unknown'), {
    nss: 'nss-certificates',
  }),
  {
    ...row('no certificate in the message, known from earlier letters', [sign({ certificates: false })], VERIFIED, {
      nss: 'nss-certificates',
    }),
    knowsSender: true,
  },
  row(
    'no signed attributes: refused',
    [sign({ attributes: false })],
    refused('signature-malformed'),
    NO_ATTRIBUTES_LEFT_OUT,
  ),
  row('SHA-1: refused', [sign({ digest: 'sha1' })], refused('algorithm-refused')),
];

const UNSUPPORTED = 'none none refused quarantine: envelope-unsupported';

const opened = (name: string, change: Partial<EncryptLayer>, no: Absences = {}): InboundCase =>
  row(name, [encrypt(change)], OPENED, no);
const agreed = (name: string, change: Partial<EncryptLayer>): InboundCase =>
  opened(name, { recipients: ['p256'], ...change }, NO_AGREEMENT);

/** Opened only where the trust space allows Triple-DES. */
const allowed = (name: string, change: Partial<EncryptLayer>, no: Absences): InboundCase => ({
  ...opened(`${name}, Triple-DES, where the trust space allows it`, { content: '3des', ...change }, no),
  opensTripleDes: true,
});

const SHA1_OAEP: Oaep = { digest: 'sha1', mask: 'sha1' };
const SHA256_OAEP: Oaep = { digest: 'sha256', mask: 'sha256' };
const UNEQUAL_OAEP: Oaep = { digest: 'sha256', mask: 'sha1' };
const BOTH_KINDS = { recipients: ['rsa', 'p256'] } as const;

const ENCRYPTED: readonly InboundCase[] = [
  opened('RSA v1.5, AES-128-CBC', { content: 'aes-128-cbc' }),
  opened('RSA v1.5, AES-192-CBC', { content: 'aes-192-cbc' }, { nss: 'nss-cipher' }),
  opened('RSA v1.5, AES-256-CBC', { content: 'aes-256-cbc' }, { nss: 'nss-cipher' }),
  opened('RSA v1.5, AES-128-CBC in streamed BER', { content: 'aes-128-cbc', streamed: true }),
  row('RSA v1.5, Triple-DES: refused', [encrypt({ content: '3des' })], UNSUPPORTED, { nss: 'nss-cipher' }),
  allowed('RSA v1.5', {}, { nss: 'nss-cipher' }),
  allowed('OAEP SHA-1', { oaep: SHA1_OAEP }, NO_OAEP),
  row('RSA v1.5, RC2: refused', [encrypt({ content: 'rc2' })], UNSUPPORTED, { nss: 'nss-cipher', gpgsm: 'gpgsm-rc2' }),
  opened('RSA v1.5, recipient named by key identifier', { named: 'key-identifier' }, NO_KEY_IDENTIFIER),
  opened('OAEP SHA-1', { oaep: SHA1_OAEP }, NO_OAEP),
  opened('OAEP SHA-256', { oaep: SHA256_OAEP }, NO_OAEP),
  opened('OAEP SHA-384', { oaep: { digest: 'sha384', mask: 'sha384' } }, NO_OAEP),
  opened('OAEP SHA-512', { oaep: { digest: 'sha512', mask: 'sha512' } }, NO_OAEP),
  opened('OAEP SHA-256 with a label', { oaep: { ...SHA256_OAEP, label: 'estafette' } }, NO_OAEP),
  row('OAEP SHA-256, MGF1 with SHA-1: refused', [encrypt({ oaep: UNEQUAL_OAEP })], UNSUPPORTED, NO_OAEP),
  ...(['sha1', 'sha224', 'sha256', 'sha384', 'sha512'] as const).map((derivation) =>
    agreed(`ECDH P-256, derivation with ${derivation.replace('sha', 'SHA-')}`, { derivation }),
  ),
  agreed('ECDH P-384', { recipients: ['p384'], derivation: 'sha384' }),
  agreed('ECDH P-521', { recipients: ['p521'], derivation: 'sha512' }),
  agreed('ECDH brainpoolP256r1', { recipients: ['brainpool'] }),
  agreed('ECDH P-256, AES-128 key wrap', { wrap: 128 }),
  agreed('ECDH P-256, AES-192 key wrap', { wrap: 192 }),
  agreed('ECDH P-256, recipient named by key identifier', { named: 'key-identifier' }),
  opened('ECDH X25519', { recipients: ['x25519'] }, NO_X25519),
  { ...agreed('RSA and ECDH recipients, opened by RSA', BOTH_KINDS), keys: ['rsa'] },
  { ...agreed('RSA and ECDH recipients, opened by ECDH', BOTH_KINDS), keys: ['p256'] },
  opened('RSA v1.5, AES-128-GCM', { content: 'aes-128-gcm' }, NO_GCM),
  opened('RSA v1.5, AES-256-GCM', { content: 'aes-256-gcm' }, NO_GCM),
  opened('OAEP SHA-256, AES-256-GCM', { oaep: SHA256_OAEP, content: 'aes-256-gcm' }, NO_GCM),
  opened('ECDH P-256, AES-256-GCM', { recipients: ['p256'], content: 'aes-256-gcm' }, NO_GCM),
  opened('ECDH X25519, AES-128-GCM', { recipients: ['x25519'], content: 'aes-128-gcm' }, NO_X25519),
];

// AES-128-CBC, because it is the cipher every tool can be brought to use.
const ENCRYPTION = encrypt({ content: 'aes-128-cbc' });

const COMPOSED: readonly InboundCase[] = [
  row('compressed, then signed', [{ layer: 'compress' }, sign()], VERIFIED, NO_COMPRESSION),
  row('signed, then encrypted', [sign(), ENCRYPTION], BOTH),
  row('signed opaque, then encrypted', [sign({ form: 'opaque' }), ENCRYPTION], BOTH),
  row('signed, encrypted, signed (triple wrap)', [sign(), ENCRYPTION, sign()], BOTH),
];

export const INBOUND_CASES: readonly InboundCase[] = [...SIGNED, ...ENCRYPTED, ...COMPOSED];

function sealed(name: string, change: Partial<OutboundCase>): OutboundCase {
  return {
    name,
    signer: 'rsa',
    recipient: 'rsa',
    form: 'detached',
    content: 'aes-256-cbc',
    keyTransport: 'rsa-pkcs1',
    protectsHeaders: false,
    no: {},
    ...change,
  };
}

export const OUTBOUND_CASES: readonly OutboundCase[] = [
  sealed('signed RSA v1.5 detached, to RSA v1.5, AES-256-CBC (the default)', {}),
  sealed('signed RSA v1.5 detached, header fields protected', { protectsHeaders: true }),
  sealed('signed RSA v1.5 opaque', { form: 'opaque' }),
  sealed('signed RSA-PSS with an id-RSASSA-PSS key', { signer: 'rsa-pss', no: { nss: 'nss-pss' } }),
  sealed('signed ECDSA P-256', { signer: 'p256' }),
  sealed('signed ECDSA P-384', { signer: 'p384' }),
  sealed('signed ECDSA P-521', { signer: 'p521', no: { gpgsm: 'gpgsm-p521' } }),
  sealed('signed ECDSA brainpoolP256r1', { signer: 'brainpool', no: { nss: 'nss-brainpool' } }),
  sealed('signed Ed25519', { signer: 'ed25519', no: NO_ED25519 }),
  sealed('to RSA v1.5, AES-128-CBC', { content: 'aes-128-cbc' }),
  sealed('to OAEP SHA-256, AES-256-CBC', { keyTransport: 'rsa-oaep-sha256', no: NO_OAEP }),
  sealed('to ECDH P-256, AES-256-CBC', { recipient: 'p256', no: NO_AGREEMENT }),
  sealed('to ECDH P-384, AES-256-CBC', { recipient: 'p384', no: NO_AGREEMENT }),
  sealed('to ECDH P-521, AES-256-CBC', { recipient: 'p521', no: NO_AGREEMENT }),
  sealed('to ECDH brainpoolP256r1, AES-256-CBC', { recipient: 'brainpool', no: NO_AGREEMENT }),
  sealed('to ECDH X25519, AES-256-CBC', { recipient: 'x25519', no: NO_X25519 }),
  sealed('to RSA v1.5, AES-128-GCM', { content: 'aes-128-gcm', no: NO_GCM }),
  sealed('to RSA v1.5, AES-256-GCM', { content: 'aes-256-gcm', no: NO_GCM }),
  sealed('to OAEP SHA-256, AES-256-GCM', { keyTransport: 'rsa-oaep-sha256', content: 'aes-256-gcm', no: NO_GCM }),
  sealed('to ECDH P-256, AES-256-GCM', { recipient: 'p256', content: 'aes-256-gcm', no: NO_GCM }),
  sealed('to ECDH X25519, AES-256-GCM', { recipient: 'x25519', content: 'aes-256-gcm', no: NO_X25519 }),
  sealed('signed ECDSA P-256 opaque, to ECDH P-256', {
    signer: 'p256',
    recipient: 'p256',
    form: 'opaque',
    no: NO_AGREEMENT,
  }),
];
