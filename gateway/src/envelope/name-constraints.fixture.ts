/** For tests: names under name constraints, and whether RFC 5280 §4.2.1.10 allows them. */
import { element, oid } from './der.ts';
import { OID } from './oids.ts';
import {
  common,
  directoryName,
  dn,
  dnsName,
  ipName,
  mailName,
  otherName,
  uriName,
  utf8Mailbox,
} from './trust.fixture.ts';

export const labo = (...rest: (readonly [string, string])[]): Buffer =>
  dn([OID.organization, 'Labo'], ...rest, [OID.commonName, 'Dr Claire MARTIN']);
const mailInSubject = (address: string): Buffer => dn([OID.emailAddress, element(0x16, Buffer.from(address))]);
const upn = otherName('1.3.6.1.4.1.311.20.2.3', element(0x0c, Buffer.from('claire@cabinet')));
const registered = element(0x88, oid('1.2.3').subarray(2));

export interface Case {
  readonly permitted?: readonly Buffer[];
  readonly excluded?: readonly Buffer[];
  readonly subject?: Buffer;
  readonly names?: readonly Buffer[];
  readonly allowed: boolean;
  /** Why openssl 3.0 says otherwise. */
  readonly differs?: string;
}

export const CASES: Readonly<Record<string, Case>> = {
  'a mailbox at the permitted host': {
    permitted: [mailName('a.example')],
    names: [mailName('x@A.example')],
    allowed: true,
  },
  'a mailbox below the permitted host': {
    permitted: [mailName('a.example')],
    names: [mailName('x@b.a.example')],
    allowed: false,
  },
  'a mailbox in the permitted domain': {
    permitted: [mailName('.a.example')],
    names: [mailName('x@b.a.example')],
    allowed: true,
  },
  'a mailbox at the domain itself, where only below it is permitted': {
    permitted: [mailName('.a.example')],
    names: [mailName('x@a.example')],
    allowed: false,
  },
  'a host that only ends like the permitted one': {
    permitted: [mailName('a.example')],
    names: [mailName('x@ba.example')],
    allowed: false,
  },
  'the one permitted mailbox': {
    permitted: [mailName('claire@a.example')],
    names: [mailName('claire@A.EXAMPLE')],
    allowed: true,
  },
  'the permitted mailbox in another case': {
    permitted: [mailName('claire@a.example')],
    names: [mailName('Claire@a.example')],
    allowed: false,
  },
  'an excluded mailbox in another case': {
    excluded: [mailName('claire@a.example')],
    names: [mailName('Claire@a.example')],
    allowed: false,
    differs: 'openssl compares local parts exactly, also where it excludes',
  },
  'a second mailbox that is not permitted': {
    permitted: [mailName('a.example')],
    names: [mailName('x@a.example'), mailName('x@b.example')],
    allowed: false,
  },
  'an address with two at signs': {
    permitted: [mailName('a.example')],
    names: [mailName('x@b.example@a.example')],
    allowed: false,
    differs: 'openssl reads the last one',
  },
  'an address in the subject alone, not permitted': {
    permitted: [mailName('a.example')],
    subject: mailInSubject('x@b.example'),
    allowed: false,
  },
  'an address in the subject beside a permitted alternative name': {
    permitted: [mailName('a.example')],
    subject: mailInSubject('x@b.example'),
    names: [mailName('x@a.example')],
    allowed: false,
  },
  'no mailbox at all where mailboxes are constrained': { permitted: [mailName('a.example')], allowed: true },
  'a UTF-8 mailbox at the permitted host': {
    permitted: [mailName('a.example')],
    names: [utf8Mailbox('hélène@a.example')],
    allowed: true,
  },
  'a UTF-8 mailbox elsewhere': {
    permitted: [mailName('a.example')],
    names: [utf8Mailbox('hélène@b.example')],
    allowed: false,
  },
  'a UTF-8 mailbox whose host is the permitted A-label': {
    permitted: [mailName('xn--hpital-ixa.example')],
    names: [utf8Mailbox('hélène@hôpital.example')],
    allowed: true,
  },
  'a UTF-8 mailbox at an excluded host': {
    excluded: [mailName('a.example')],
    names: [utf8Mailbox('hélène@a.example')],
    allowed: false,
  },
  'a name below the permitted directory': {
    permitted: [directoryName(dn([OID.organization, 'labo']))],
    subject: labo(),
    allowed: true,
  },
  'a name beside the permitted directory': {
    permitted: [directoryName(dn([OID.organization, 'Clinique']))],
    subject: labo(),
    allowed: false,
  },
  'a name below an excluded directory, written in another case': {
    excluded: [directoryName(dn([OID.organization, ' LABO ']))],
    subject: labo(),
    allowed: false,
  },
  'a directory name among the alternative names, not permitted': {
    permitted: [directoryName(dn([OID.organization, 'Labo']))],
    subject: labo(),
    names: [directoryName(common('Somebody'))],
    allowed: false,
  },
  'a host below the permitted one': {
    permitted: [dnsName('a.example')],
    names: [dnsName('b.a.example')],
    allowed: true,
  },
  'a host beside the permitted one': {
    permitted: [dnsName('a.example')],
    names: [dnsName('ba.example')],
    allowed: false,
  },
  'a wildcard over an excluded host': {
    excluded: [dnsName('b.a.example')],
    names: [dnsName('*.a.example')],
    allowed: false,
    differs: 'openssl does not see what a wildcard stands for',
  },
  'an URI at the permitted host': {
    permitted: [uriName('a.example')],
    names: [uriName('https://u@a.example:8443/x')],
    allowed: true,
    differs: 'openssl does not know the user before the host',
  },
  'an URI whose user looks like the permitted host': {
    permitted: [uriName('a.example')],
    names: [uriName('https://a.example@b.example/')],
    allowed: false,
  },
  'an URI without a host where hosts are constrained': {
    permitted: [uriName('a.example')],
    names: [uriName('urn:a.example')],
    allowed: false,
  },
  'an URI with an address where a host is excluded': {
    excluded: [uriName('a.example')],
    names: [uriName('https://192.0.2.1/')],
    allowed: false,
    differs: 'openssl takes the address for a host name',
  },
  'an IP address in the permitted range': {
    permitted: [ipName(192, 0, 2, 0, 255, 255, 255, 0)],
    names: [ipName(192, 0, 2, 7)],
    allowed: true,
  },
  'an IP address outside of the permitted range': {
    permitted: [ipName(192, 0, 2, 0, 255, 255, 255, 0)],
    names: [ipName(192, 0, 3, 7)],
    allowed: false,
  },
  'an IPv6 address where only IPv4 is permitted': {
    permitted: [ipName(192, 0, 2, 0, 255, 255, 255, 0)],
    names: [ipName(...Buffer.alloc(16, 1))],
    allowed: false,
  },
  'a constrained form that is not understood, and used': { permitted: [upn], names: [upn], allowed: false },
  'a constrained form that is not understood, and not used': { permitted: [upn], allowed: true },
  'an excluded form that is not understood, and used': { excluded: [registered], names: [registered], allowed: false },
};
