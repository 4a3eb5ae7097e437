/**
 * docs/interop.md as the cases say it: two tables, a row per case and a column per tool, and the reasons in the order in
 * which they first appear. Nothing in it changes from run to run but the versions of the tools.
 */
import { INBOUND_CASES, type InboundCase, OUTBOUND_CASES, type OutboundCase } from './cases.ts';
import { REASONS, type ReasonKey, TOOL_KEYS, TOOL_NAMES } from './reasons.ts';

/** The reasons that are used, in the order of the tables. */
function reasonsInOrder(): ReasonKey[] {
  const used = [...INBOUND_CASES, ...OUTBOUND_CASES].flatMap((one) => TOOL_KEYS.flatMap((key) => one.no[key] ?? []));
  return [...new Set(used)];
}

const rowOf = (...cells: readonly string[]): string => `| ${cells.join(' | ')} |`;

/** A table of cases; a cell is `ok`, or `no` with the number of its reason. */
function tableOf(heading: string, cases: readonly (InboundCase | OutboundCase)[]): string {
  const reasons = reasonsInOrder();
  const rows = cases.map((one) => {
    const cells = TOOL_KEYS.map((key) => {
      const reason = one.no[key];
      return reason === undefined ? 'ok' : `no (${reasons.indexOf(reason) + 1})`;
    });
    return rowOf(one.name, ...cells);
  });
  const head = rowOf(heading, ...TOOL_KEYS.map((key) => TOOL_NAMES[key]));
  return [head, rowOf('---', ...TOOL_KEYS.map(() => '---')), ...rows].join('\n');
}

const INTRODUCTION = `# Interoperability

What Estafette opens of other S/MIME software, and what other software opens of Estafette. This page is written by
\`npm run interop\`, which tries every cell with the real programs; \`npm run interop -- --check\` tries them all and fails
when a cell is not as it stands here. \`npm test\` tries them too, Bouncy Castle only where it is installed.

- **ok, inbound**: the program makes the letter, with the algorithms the row names (its bytes are searched for them);
  Estafette opens it, verifies it against a test authority with a fresh revocation list, and gives the right verdict; what
  comes out is byte for byte what went in. Where a row says *refused*, the right verdict is the refusal.
- **ok, outbound**: Estafette signs and encrypts; the program decrypts it with its own key, verifies the signature up to the
  test authority, and gives back byte for byte what went in. The mail as such is judged as well, outside and inside: header
  fields, parameters, boundary, base64 in lines of 76, no line above 998, 7 bits, CRLF. A row names only what differs from the default.
- **no**: a limit of the program, with its reason below. It was tried wherever the program can be asked for it. Outbound, the
  program was also given the same letter made by another program (OpenSSL or Bouncy Castle) and did not open that either.
  There is no *no* that is Estafette's.`;

const NOT_SENT = `## What Estafette does not send

- SHA-1, Triple-DES and RC2, in any place; AES-192, which has no place between AES-128 and AES-256.
- RSA-PSS with an RSA key: RSA v1.5 signatures are read by everybody, and PSS is sent only with a key that allows nothing else.
- OAEP with another digest than SHA-256, or with a label.
- One mail for several recipients: each gets a mail of his own, so that no letter tells who else received it.
- A recipient named by key identifier: issuer and serial number are understood by all four programs.`;

const TOLD = `## What the rows leave to be told

- A letter without the signer's certificate is refused as \`signer-unknown\`, unless Estafette knows it from an earlier
  verified letter of the same address.
- OAEP whose mask generation uses another digest than its hash is refused as \`envelope-unsupported\`: \`node:crypto\` cannot
  express it.
- Bouncy Castle 1.72 has no X25519 in CMS and opens no AuthEnvelopedData by key agreement; both are put together from its
  primitives in \`e2e/interop/BouncyRecipients.java\`.
- gpgsm takes only RSA keys from PKCS#12; the keys are put into its agent's folder as files.`;

/** The tables and the reasons: what the cases say, whatever the versions. */
export function renderTables(): string {
  const reasons = reasonsInOrder().map((key, at) => `${at + 1}. ${REASONS[key]}`);
  return [
    '## Inbound: they make it, Estafette opens it',
    tableOf('letter', INBOUND_CASES),
    '## Outbound: Estafette seals it, they open it',
    tableOf('letter', OUTBOUND_CASES),
    '## Reasons',
    reasons.join('\n'),
  ].join('\n\n');
}

/** The whole page. */
export function renderPage(versions: readonly string[]): string {
  const tried = `Tried with ${versions.join(', ')}.`;
  return `${[INTRODUCTION, tried, renderTables(), TOLD, NOT_SENT].join('\n\n')}\n`;
}
