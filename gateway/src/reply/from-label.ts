/**
 * The name a mailbox writes under. MSSanté (Ref#2, ECO.2.2.7) wants `Titre_Prenom_NOM_Entité` of a person, title and
 * entity optional, the name in capitals, and of an organisation or application its functional name. A mailbox that the
 * operator did not describe keeps its plain name; what a label is made of never holds a line break.
 */
import type { Mailbox } from '../ports.ts';

/** One line: no control characters, no line separators of any kind. */
export const singleLine = (text: string): string => text.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ').trim();

type Named = Pick<Mailbox, 'name' | 'kind' | 'title' | 'givenName' | 'familyName' | 'entity'>;

/** The display name for From. */
export function fromLabel(mailbox: Named, policy: { readonly hasOperatorLabel: boolean }): string {
  const { name, kind, title = '', givenName = '', familyName = '', entity = '' } = mailbox;
  if (!policy.hasOperatorLabel) return singleLine(name);
  if (kind !== 'PER') return singleLine(entity) || singleLine(name);
  if (singleLine(givenName) === '' || singleLine(familyName) === '') return singleLine(name);
  return [title, givenName, familyName.toLocaleUpperCase('fr-FR'), entity]
    .map(singleLine)
    .filter((part) => part !== '')
    .join('_');
}
