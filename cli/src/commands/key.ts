/**
 * `estafette key …`: the keys of a mailbox over their life. Import, request, install, list, and renewal by the demo
 * authority. A running server uses a new key with the next letter, no restart: it reads the rows each time.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { type KeyKind, newPrivateKey, privateKeyPem } from '@estafette/certs/certificate-builder';
import { createMailboxRequest } from '@estafette/certs/certificate-request';
import { chainOf, type KeyIdentity } from '@estafette/certs/key-identity';
import { toPem } from '@estafette/certs/pem';
import { newId } from '@estafette/contracts/ids';
import type { Mailbox } from '@estafette/gateway/ports';
import { atMailbox, type Desk as StoreDesk } from '../hosted-mailbox.ts';
import { type AddedKey, addKeys, judgeKeys, type KeysToAdd } from '../keys/add-keys.ts';
import { issueDemoKey, publishDemoCertificate } from '../keys/demo-key.ts';
import { KeyRefused } from '../keys/judge-key.ts';
import { type KeyFiles, readCertificates, readKeyFiles } from '../keys/key-files.ts';
import { keyAsJson, keyOnLine, standing, trouble } from '../keys/key-words.ts';
import { PlainError } from '../plain-error.ts';

type Desk = StoreDesk & { readonly mailbox: Mailbox };

const print = (line: string): void => void process.stdout.write(`${line}\n`);

/** Says of each key whether it is new, and from when to when it is good. */
async function tell({ store, mailbox, now }: Desk, added: readonly AddedKey[], json: boolean): Promise<void> {
  const { keys } = await standing(store, mailbox, now);
  for (const { key, isNew } of added) {
    const one = keys.find((known) => known.key.id === key.id);
    if (one === undefined) continue;
    const outcome = isNew ? 'added' : 'already there';
    if (json) print(JSON.stringify({ outcome, ...keyAsJson(one, now) }));
    else print(`${isNew ? 'Added' : 'Already there, nothing changed'}: ${keyOnLine(one, now)}`);
  }
}

async function add(desk: Desk, { accepted, refused }: KeysToAdd, json: boolean): Promise<void> {
  const { store, mailbox, now } = desk;
  const added = await store.transaction((inside) => addKeys(inside, mailbox, accepted, now));
  await tell(desk, added, json);
  for (const { message } of refused) process.stderr.write(`Another key of the file was passed over. ${message}\n`);
}

/** Imports the keys of a .p12 or PEM file. */
export async function importKeys(
  address: string,
  options: KeyFiles & { readonly forOpening?: boolean; readonly json?: boolean },
): Promise<void> {
  const identities = readKeyFiles(options);
  if (identities === null) throw new PlainError('Give the key with --p12 FILE or --pem FILE.', 2);
  await atMailbox(address, async (desk) => {
    const forOpening = options.forOpening === true;
    const { mailbox, now } = desk;
    await add(desk, judgeKeys(identities, { address: mailbox.address, now, forOpening }), options.json === true);
  });
}

/** Who asks: with a national number, or only by name. */
function structureFor(mailbox: Mailbox, { finess, siret, department }: RequestOptions) {
  const { name } = mailbox;
  if (finess === undefined && siret === undefined) return { name };
  if (department === undefined)
    throw new PlainError('--finess and --siret go with --department, as in “Paris (75)”.', 2);
  const number = finess === undefined ? { siret: siret ?? '' } : { finess };
  return { name, number, department };
}

export interface RequestOptions {
  readonly kind: KeyKind;
  readonly finess?: string;
  readonly siret?: string;
  readonly department?: string;
  readonly json?: boolean;
}

/** Makes a key that stays here, and prints the request (PKCS#10) to be carried to an authority. */
export async function requestKey(address: string, options: RequestOptions): Promise<void> {
  await atMailbox(address, async ({ store, mailbox, now }) => {
    const privateKey = await newPrivateKey(options.kind);
    const id = newId('event');
    const request = requestFor(mailbox, privateKeyPem(privateKey), options);
    await store.transaction(async (inside) => {
      await inside.addKeyRequest({ id, mailboxId: mailbox.id, privateKey, createdAt: now.getTime() });
      await inside.audit({ subject: id, event: 'key-requested', related: mailbox.id }, now.getTime());
    });
    process.stdout.write(options.json === true ? `${JSON.stringify({ id, request })}\n` : request);
  });
}

/** The request; what does not fit its form is a sentence. */
function requestFor(mailbox: Mailbox, keyPem: string, options: RequestOptions): string {
  const commonName = mailbox.address.length <= 64 ? mailbox.address : mailbox.name;
  try {
    const { address } = mailbox;
    return createMailboxRequest({
      privateKeyPem: keyPem,
      address,
      structure: structureFor(mailbox, options),
      commonName,
    });
  } catch (error) {
    if (error instanceof RangeError) throw new PlainError(`The request cannot be made: ${error.message}.`, 2);
    throw error;
  }
}

/** The waiting keys with the certificate that came for them. */
async function answered({ store, mailbox }: Desk, certificates: readonly string[]) {
  const requests = await store.keyRequestsOf(mailbox.id);
  return certificates.flatMap((certificatePem) => {
    const certificate = new X509Certificate(certificatePem);
    return requests
      .filter(({ privateKey }) => certificate.checkPrivateKey(privateKey))
      .map(({ id, privateKey }) => {
        const chainPem = chainOf(certificatePem, certificates);
        const identity: KeyIdentity = { certificatePem, chainPem, privateKeyPem: privateKeyPem(privateKey) };
        return { id, identity };
      });
  });
}

/** Puts the certificate that an authority issued to the key that was waiting for it. */
export async function installCertificate(
  address: string,
  options: { readonly certificate: string; readonly json?: boolean },
): Promise<void> {
  const certificates = readCertificates(options.certificate);
  await atMailbox(address, async (desk) => {
    const { store, mailbox, now } = desk;
    const found = await answered(desk, certificates);
    if (found.length === 0) {
      const fits = (der: Buffer) => certificates.some((pem) => new X509Certificate(pem).raw.equals(der));
      const known = (await store.keysOf(mailbox.id)).filter(({ certificate }) => fits(certificate));
      if (known.length === 0)
        throw new KeyRefused('key-does-not-fit', `No key of ${mailbox.address} waits for this certificate.`);
      return tell(
        desk,
        known.map((key) => ({ key, isNew: false })),
        options.json === true,
      );
    }
    const identities = found.map(({ identity }) => identity);
    const judged = judgeKeys(identities, { address: mailbox.address, now, forOpening: false });
    const added = await store.transaction(async (inside) => {
      const done = await addKeys(inside, mailbox, judged.accepted, now);
      for (const { id, identity } of found)
        if (done.some(({ key }) => key.privateKey.equals(createPrivateKey(identity.privateKeyPem))))
          await inside.removeKeyRequest(id);
      return done;
    });
    await tell(desk, added, options.json === true);
  });
}

/** Prints the certificate that correspondents should encrypt to now, PEM. */
export async function printCertificate(address: string, options: { readonly json?: boolean }): Promise<void> {
  await atMailbox(address, async ({ store, mailbox, now }) => {
    const { encryption } = await standing(store, mailbox, now);
    if (encryption === null) throw new PlainError(`${address} has no certificate good for receiving mail now.`);
    const certificate = toPem('CERTIFICATE', encryption.certificate);
    process.stdout.write(options.json === true ? `${JSON.stringify({ certificate })}\n` : certificate);
  });
}

/** Lists the keys of a mailbox and those that wait for a certificate. */
export async function listKeys(address: string, options: { readonly json?: boolean }): Promise<void> {
  await atMailbox(address, async ({ store, mailbox, now }) => {
    const found = await standing(store, mailbox, now);
    const requests = await store.keyRequestsOf(mailbox.id);
    if (options.json === true) {
      for (const one of found.keys) print(JSON.stringify(keyAsJson(one, now)));
      for (const { id, createdAt } of requests)
        print(JSON.stringify({ id, state: 'awaiting-certificate', requestedAt: new Date(createdAt).toISOString() }));
      return;
    }
    for (const one of found.keys) print(keyOnLine(one, now));
    for (const { createdAt } of requests)
      print(`awaiting its certificate; requested on ${new Date(createdAt).toISOString().slice(0, 10)}`);
    const warning = trouble(found, now);
    if (warning !== null) print(`WARNING: ${warning}.`);
  });
}

/** A further key from the demo authority: the renewal drill. */
export async function renewDemoKey(
  address: string,
  options: { readonly days?: string; readonly json?: boolean },
): Promise<void> {
  const validityDays = options.days === undefined ? undefined : Number(options.days);
  if (validityDays !== undefined && !(validityDays > 0 && validityDays <= 3_650))
    throw new PlainError('--days is a number above 0 and up to 3650.', 2);
  await atMailbox(address, async (desk) => {
    const { foundation, mailbox, now } = desk;
    const validity = validityDays === undefined ? {} : { validityDays };
    const identity = await issueDemoKey(foundation, mailbox, { now, ...validity });
    await add(desk, judgeKeys([identity], { address: mailbox.address, now, forOpening: false }), options.json === true);
    publishDemoCertificate(foundation.home, mailbox.address, identity.certificatePem);
  });
}
