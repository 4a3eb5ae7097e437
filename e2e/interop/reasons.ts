/**
 * Why a cell of the interop matrix is "no". Each is a limit of the foreign tool: inbound it cannot make the letter,
 * outbound it opens no such letter of any other program either (matrix.ts tries both). A "no" of Estafette has no reason
 * here; it is a defect.
 */
export const TOOL_KEYS = ['openssl', 'nss', 'gpgsm', 'bouncyCastle'] as const;
export type ToolKey = (typeof TOOL_KEYS)[number];

export const TOOL_NAMES: Readonly<Record<ToolKey, string>> = {
  openssl: 'openssl',
  nss: 'NSS cmsutil',
  gpgsm: 'gpgsm',
  bouncyCastle: 'Bouncy Castle',
};

export const REASONS = {
  'openssl-ed25519': 'OpenSSL 3.0 has no Ed25519 in CMS: it asks the key for a digest of its own.',
  'openssl-x25519': 'OpenSSL 3.0 has no X25519 in CMS.',
  'openssl-compression': "Debian's OpenSSL is built without zlib.",
  'nss-key-identifier': 'cmsutil names signers and recipients by issuer and serial number only.',
  'nss-pss': 'cmsutil has no option for PSS, and NSS 3.87 verifies none made with an id-RSASSA-PSS key.',
  'nss-brainpool': 'NSS has no brainpool curves.',
  'nss-25519': 'NSS 3.87 imports no Ed25519 or X25519 key and verifies no Ed25519 signature.',
  'nss-two-signers': 'cmsutil signs with one key.',
  'nss-certificates': 'cmsutil always sends the certificates along.',
  'nss-attributes': 'cmsutil always signs attributes.',
  'nss-cipher': 'cmsutil chooses the cipher itself: AES-128-CBC.',
  'nss-oaep': 'NSS 3.87 has no OAEP in CMS.',
  'nss-agreement': 'NSS 3.87 has no key agreement in CMS: one such recipient makes the whole letter unreadable to it.',
  'nss-gcm': 'NSS has no AuthEnvelopedData.',
  'nss-compression': 'cmsutil does not compress.',
  'gpgsm-key-identifier': 'gpgsm names signers and recipients by issuer and serial number only.',
  'gpgsm-pss': 'gpgsm 2.2 verifies PSS but does not sign with it.',
  'gpgsm-p521': 'gpgsm 2.2 makes signatures with P-521 but verifies none, not even its own.',
  'gpgsm-ed25519': 'gpgsm 2.2 has no Ed25519 in CMS.',
  'gpgsm-attributes': 'gpgsm always signs attributes.',
  'gpgsm-rc2': 'gpgsm writes no RC2.',
  'gpgsm-oaep': 'gpgsm 2.2 has no OAEP.',
  'gpgsm-agreement': 'gpgsm 2.2 neither writes nor opens key agreement.',
  'gpgsm-gcm': 'gpgsm 2.2 has no AuthEnvelopedData.',
  'gpgsm-compression': 'gpgsm does not compress.',
} as const;

export type ReasonKey = keyof typeof REASONS;
