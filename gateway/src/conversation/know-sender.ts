/**
 * What is known of the people of a letter when it has been opened: what proves its writer, whether he can be answered and
 * where, who else it names and whether an answer can reach them.
 *
 * Answers go to From. A Reply-To counts only where it is one plain address of the same domain, as the applicative
 * mailboxes of MSSanté write it (facts: mssante.md 3.2), and only where nobody on the way could have set it: inside the
 * protected part, or in a letter whose operator or account is its proof. Where answers are always encrypted its
 * certificate must be known as well. Everything else would let somebody on the way choose who reads the answer.
 */
import type { LetterMessage } from '@estafette/contracts/message';
import {
  type Carrier,
  canonicalAddress,
  domainOf,
  type MailPerson,
  type OpenedLetter,
  type Participant,
  type Spaces,
  type TrustSpace,
} from '../ports.ts';
import type { CertificateBook } from './certificate-book.ts';
import { proofOf, type SenderProof } from './prove-sender.ts';

type Person = NonNullable<LetterMessage['people']>[number];

export interface KnownSender {
  readonly correspondentIndex: Buffer;
  /** Null: nothing proves him. */
  readonly proof: SenderProof | null;
  /** An answer to him can be sealed as his trust space wants it. */
  readonly answerable: boolean;
  /** Where answers go instead of From. */
  readonly answerTo: { readonly name: string; readonly address: string } | null;
  /** The others on the letter as they are shown, without the mailbox itself and the writer. */
  readonly people: readonly Person[];
  /** The same as participants. */
  readonly participants: readonly Pick<Participant, 'addressIndex' | 'role'>[];
}

export type SenderDesk = (
  opened: OpenedLetter,
  place: { readonly space: TrustSpace; readonly carrier: Carrier | undefined; readonly ownAddress: string },
) => Promise<KnownSender>;

/** Looks people up in the certificate book and the trust spaces. */
export function createSenderDesk(options: {
  certificates: Pick<CertificateBook, 'indexOf' | 'knows'>;
  spaces: Pick<Spaces, 'reaching'>;
}): SenderDesk {
  const { certificates, spaces } = options;

  const canSeal = async (space: TrustSpace, addressIndex: Buffer, opened?: OpenedLetter): Promise<boolean> =>
    space.answers.encrypts === 'when-possible' || certificates.knows(addressIndex, opened);

  const canReach = async (address: string, preferred: string): Promise<boolean> => {
    const space = spaces.reaching(domainOf(address), preferred);
    return space !== null && canSeal(space, certificates.indexOf(address));
  };

  const answerToOf = async (
    { headers }: OpenedLetter,
    proof: SenderProof | null,
    space: TrustSpace,
  ): Promise<KnownSender['answerTo']> => {
    const { replyTo: address, replyToName: name, replyToProtected, from } = headers;
    if (proof === null || address === '' || domainOf(address) !== domainOf(from)) return null;
    if (proof.kind === 'certificate' && !replyToProtected) return null;
    return (await canSeal(space, certificates.indexOf(address))) ? { name, address } : null;
  };

  return async (opened, { space, carrier, ownAddress }) => {
    const { headers } = opened;
    const correspondentIndex = certificates.indexOf(headers.from);
    const proof = proofOf(opened, carrier, space);
    const answerTo = await answerToOf(opened, proof, space);
    const answerable = proof !== null && (answerTo !== null || (await canSeal(space, correspondentIndex, opened)));
    const left = new Set([headers.from, ownAddress].map(canonicalAddress));
    const named: MailPerson[] = [
      ...(answerTo === null ? [] : [{ ...answerTo, role: 'from' as const }]),
      ...headers.people,
    ];
    const people: Person[] = [];
    const participants: KnownSender['participants'][number][] = [];
    for (const person of named) {
      const key = canonicalAddress(person.address);
      if (left.has(key)) continue;
      left.add(key);
      const { name, address, role } = person;
      people.push({ name, address, role, reachable: await canReach(address, space.name) });
      // Whoever is answered in the writer's place has written nothing: `from` leads a quoted id to its writer's letters.
      participants.push({ addressIndex: certificates.indexOf(address), role: role === 'from' ? 'to' : role });
    }
    return { correspondentIndex, proof, answerable, answerTo, people, participants };
  };
}
