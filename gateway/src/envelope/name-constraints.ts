/**
 * Name constraints (RFC 5280 §4.2.1.10, RFC 9598 §6): an authority that may speak for some names only. Every name of
 * every certificate below it must be permitted and not excluded, of whatever form; a constrained form that is not
 * understood here refuses the certificate that uses it. The danger is a name that is read one way by the constraint and
 * another way by whoever believes it, so what is not plainly well-formed is not permitted, and counts as excluded.
 */
import { domainToASCII } from 'node:url';
import { BerError, type BerNode, contentOf, isContext, isUniversal, oidOf, sequenceOf, TAG } from './ber.ts';
import { type Certificate, extensionOf } from './certificate.ts';
import { type Name, readName } from './certificate-name.ts';
import { OID } from './oids.ts';

/** A name of a certificate, by form. `other` forms carry what tells the form. */
type Subject =
  | { readonly form: 'directory'; readonly name: Name }
  | { readonly form: 'mail' | 'dns' | 'uri'; readonly text: string }
  | { readonly form: 'ip'; readonly octets: Buffer }
  | { readonly form: `other ${string}` };

export interface NameConstraints {
  readonly permitted: readonly Subject[];
  readonly excluded: readonly Subject[];
}

const FORMS = ['other', 'mail', 'dns', 'x400', 'directory', 'edi', 'uri', 'ip', 'registered'] as const;
const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** UTF-8 text of a mailbox in otherName (RFC 9598 §3). */
function mailboxText(value: BerNode | undefined): string {
  const inner = isContext(value, 0) ? value.children[0] : undefined;
  if (!isUniversal(inner, TAG.utf8String)) throw new BerError('SmtpUTF8Mailbox malformed');
  try {
    return strictUtf8.decode(contentOf(inner));
  } catch (cause) {
    throw new BerError('SmtpUTF8Mailbox is not UTF-8', { cause });
  }
}

/** One GeneralName. A mailbox in UTF-8 is of the form `mail` where it names somebody, not where it constrains. */
function readGeneralName(node: BerNode, isConstraint: boolean): Subject {
  const form = node.tagClass === 2 ? FORMS[node.tag] : undefined;
  switch (form) {
    case 'directory':
      return { form, name: readName(node.children[0]) };
    case 'mail':
    case 'dns':
    case 'uri':
      if (node.constructed) throw new BerError('general name malformed');
      return { form, text: contentOf(node).toString('latin1') };
    case 'ip':
      return { form, octets: contentOf(node) };
    case 'other': {
      const type = oidOf(node.children[0]);
      if (type === OID.smtpUtf8Mailbox && !isConstraint) return { form: 'mail', text: mailboxText(node.children[1]) };
      return { form: `other ${type}` };
    }
    case undefined:
      throw new BerError('general name of no known form');
    default:
      return { form: `other ${form}` };
  }
}

function readSubtrees(node: BerNode): Subject[] {
  if (node.children.length === 0) throw new BerError('name constraints without a name');
  return node.children.map((subtree) => {
    const [base, ...distances] = sequenceOf(subtree);
    // minimum and maximum are not used in this profile; to ignore them would be to guess (§4.2.1.10).
    if (base === undefined || distances.length > 0) throw new BerError('name constraint with distances');
    return readGeneralName(base, true);
  });
}

/** The constraints of an authority, or null when it has none; throws `BerError`. */
export function nameConstraintsOf(certificate: Certificate): NameConstraints | null {
  const extension = extensionOf(certificate, OID.nameConstraints);
  if (extension === null) return null;
  const fields = [...sequenceOf(extension)];
  const permitted = isContext(fields[0], 0) ? readSubtrees(fields.shift() as BerNode) : [];
  const excluded = isContext(fields[0], 1) ? readSubtrees(fields.shift() as BerNode) : [];
  if (fields.length > 0 || permitted.length + excluded.length === 0) throw new BerError('name constraints malformed');
  return { permitted, excluded };
}

/** Every name the certificate claims: subject, alternative names, addresses in the subject (they are believed too). */
export function namesOf(certificate: Certificate): Subject[] {
  const found: Subject[] = [];
  const { subjectName } = certificate;
  if (subjectName.rdnKeys.length > 0) found.push({ form: 'directory', name: subjectName });
  for (const part of subjectName.parts)
    if (part.type === OID.emailAddress) found.push({ form: 'mail', text: part.text });
  const alternative = extensionOf(certificate, OID.subjectAltName);
  if (alternative !== null) for (const name of sequenceOf(alternative)) found.push(readGeneralName(name, false));
  return found;
}

const LABEL = /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/;

/** A host name in its one ASCII form (A-labels, lower case), or null for what is none. */
function hostOf(text: string): string | null {
  // Only names beyond ASCII are mapped: they come from mailboxes in UTF-8 (RFC 9598 §5).
  const ascii = /^[\x21-\x7e]*$/.test(text) ? text.toLowerCase() : domainToASCII(text);
  return ascii.length <= 253 && ascii.split('.').every((label) => LABEL.test(label)) ? ascii : null;
}

/** Whether a host is the one the constraint names, or below it: `.host` means below, `host` is exact unless `deep`. */
function isHostWithin(host: string, constraint: string, deep: boolean): boolean {
  if (constraint === '') return true;
  const base = constraint.toLowerCase();
  if (base.startsWith('.')) return host.endsWith(base);
  return host === base || (deep && host.endsWith(`.${base}`));
}

type Match = 'within' | 'outside' | 'unreadable';
const matched = (within: boolean): Match => (within ? 'within' : 'outside');

function matchMail(text: string, constraint: string, loose: boolean): Match {
  const at = text.lastIndexOf('@');
  const host = hostOf(text.slice(at + 1));
  const local = text.slice(0, at);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  if (at < 1 || host === null || /[\x00-\x20"@]/.test(local)) return 'unreadable';
  const split = constraint.lastIndexOf('@');
  if (split < 0) return matched(isHostWithin(host, constraint, false));
  const wanted = constraint.slice(0, split);
  // The local part counts with its case (RFC 5321 §2.4); an exclusion is not escaped by another case.
  const same = local === wanted || (loose && local.toLowerCase() === wanted.toLowerCase());
  return matched(same && host === constraint.slice(split + 1).toLowerCase());
}

function matchDns(text: string, constraint: string, loose: boolean): Match {
  const wildcard = text.startsWith('*.');
  const host = hostOf(wildcard ? text.slice(2) : text);
  if (host === null) return 'unreadable';
  // A wildcard stands for names that an exclusion may name.
  const covers = wildcard && loose && constraint.toLowerCase().endsWith(`.${host}`);
  return matched(isHostWithin(host, constraint, true) || covers);
}

/** The host of a URI must be a domain name, else it can be neither permitted nor cleared (§4.2.1.10). */
function matchUri(text: string, constraint: string): Match {
  const authority = /^[a-z][a-z0-9+.-]*:\/\/([^/?#\\]*)/i.exec(text)?.[1];
  const host = hostOf((authority ?? '').replace(/^.*@/, '').replace(/:\d*$/, ''));
  if (host === null || /(^|\.)(\d+|0x[\da-f]*)$/.test(host)) return 'unreadable';
  return matched(isHostWithin(host, constraint, false));
}

function matchIp(octets: Buffer, constraint: Buffer): Match {
  if (octets.length !== 4 && octets.length !== 16) return 'unreadable';
  if (constraint.length !== 2 * octets.length) {
    if (constraint.length !== 8 && constraint.length !== 32) throw new BerError('address range malformed');
    return 'outside';
  }
  const mask = constraint.subarray(octets.length);
  return matched(
    octets.every((octet, at) => (octet & (mask[at] as number)) === ((constraint[at] as number) & (mask[at] as number))),
  );
}

/** How a name lies to a constraint of its own form; `loose` where more must match (exclusions). */
function matchName(name: Subject, constraint: Subject, loose: boolean): Match {
  if (name.form === 'directory' && constraint.form === 'directory')
    return matched(constraint.name.rdnKeys.every((key, at) => name.name.rdnKeys[at] === key));
  if (name.form === 'ip' && constraint.form === 'ip') return matchIp(name.octets, constraint.octets);
  if (name.form === 'mail' && constraint.form === 'mail') return matchMail(name.text, constraint.text, loose);
  if (name.form === 'dns' && constraint.form === 'dns') return matchDns(name.text, constraint.text, loose);
  if (name.form === 'uri' && constraint.form === 'uri') return matchUri(name.text, constraint.text);
  return 'unreadable';
}

/** Whether the constraints allow all the names; a form they do not speak of is free. */
export function areNamesAllowed(names: readonly Subject[], constraints: NameConstraints): boolean {
  return names.every((name) => {
    const permitted = constraints.permitted.filter(({ form }) => form === name.form);
    const excluded = constraints.excluded.filter(({ form }) => form === name.form);
    if (permitted.length > 0 && !permitted.some((one) => matchName(name, one, false) === 'within')) return false;
    return excluded.every((one) => matchName(name, one, true) === 'outside');
  });
}

/** How many comparisons `areNamesAllowed` may need. */
export const comparisonsOf = (names: readonly Subject[], { permitted, excluded }: NameConstraints): number =>
  names.length * (permitted.length + excluded.length);
