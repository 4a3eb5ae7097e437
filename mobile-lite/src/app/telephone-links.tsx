/** The numbers to call, each as written, and dialled with a tap where it is plainly one number. */
import type { JSX } from 'preact';
import { moreWords } from '../words/words.ts';
import { Icon } from './icons.tsx';
import { telephoneLink } from './telephone.ts';

export function TelephoneLinks({ phones }: { phones: readonly string[] }): JSX.Element {
  const texts = moreWords.urgency;
  return (
    <>
      {[...new Set(phones)].map((phone) => {
        const href = telephoneLink(phone);
        if (href === null) return <span key={phone}>{texts.phone(phone)}</span>;
        return (
          <a key={phone} class="button dial" href={href}>
            <Icon name="phone" />
            {texts.call(phone)}
          </a>
        );
      })}
    </>
  );
}
