/**
 * Who has read a letter, in one line: the others by time, then this person, then whether its sender was told. That I have
 * read what I look at is no news: it is said only beside something that is. Devices that were joined without naming a person
 * bear the mailbox's name, and any of them may have been it: there nobody is called « vous ». A person may be told of twice,
 * the second time because the sender has been told since: the first time of reading counts.
 */
import { READING_LIMITS } from '@estafette/contracts/limits';
import type { LetterMessage, ReadMessage } from '@estafette/contracts/message';
import { moreWords, words } from '../words/words.ts';
import { formatMoment } from './format.ts';

/** « Lu par Camille à 14:03, vous à 14:10 · accusé de lecture envoyé »; empty when there is nothing to say. */
export function readLine(
  { letterId, asksReceipt }: Pick<LetterMessage, 'letterId' | 'asksReceipt'>,
  readings: readonly ReadMessage[],
  { person: self, mailboxName, now }: { person: string; mailboxName: string; now: number },
): string {
  const texts = moreWords.read;
  const told = readings.filter((one) => one.letterId === letterId);
  const ofLetter = firstOfEach(told);
  const others = ofLetter.filter(({ person }) => person !== self);
  const own = ofLetter.filter(({ person }) => person === self);
  const isTold = told.some(({ toldSender }) => toldSender === true);
  /** A time stays in one piece where the line breaks. */
  const sayer = ({ person, at }: ReadMessage): string => {
    const name = person === self && self !== mailboxName ? texts.you : person;
    return `${name} ${words
      .replyAt('', formatMoment(Date.parse(at), now))
      .trim()
      .replaceAll(' ', '\u00a0')}`;
  };
  const named = others.slice(0, READING_LIMITS.othersNamedMax);
  const left = others.length - named.length;
  const rest = left > 0 ? ` ${moreWords.urgency.others(left).replaceAll(' ', '\u00a0')}` : '';
  const said = [named.map(sayer).join(', ') + rest, ...own.map(sayer)].filter((part) => part !== '');
  const readers = others.length > 0 || isTold ? said.join(', ') : '';
  const receipt = isTold ? texts.receiptSent : asksReceipt === true ? texts.receiptAsked : '';
  const line = [readers === '' ? '' : texts.by(readers), receipt].filter((part) => part !== '').join(' · ');
  return line.slice(0, 1).toUpperCase() + line.slice(1);
}

/** By time, the first reading of each person. */
function firstOfEach(told: readonly ReadMessage[]): ReadMessage[] {
  const first = new Map<string, ReadMessage>();
  for (const one of [...told].sort((a, b) => Date.parse(a.at) - Date.parse(b.at)))
    if (!first.has(one.person)) first.set(one.person, one);
  return [...first.values()];
}
