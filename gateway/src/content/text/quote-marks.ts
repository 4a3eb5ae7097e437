/**
 * The lines by which mail programs say that what follows is quoted: attributions ("Le 3 janv. 2026 à 10:02, X a
 * écrit :"), the header block of Outlook and Zimbra, separators, forwards, and the footers of telephones.
 *
 * No standard rules them: each form here is one that a program writes, and is recognised whole. A doctor's own sentence
 * ("Le 12/01/2026, le patient a écrit :", "De : service de cardiologie") must not pass for one, since what follows a
 * mark is put out of sight.
 */

const WROTE = /\s(?:[aà]\s[eé]crit|wrote)\s*:$/iu;
const DAY = '(?:\\p{L}{2,9}[.,]{0,2}\\s{1,2})?';
const MONTH = '\\p{L}{3,9}\\.?,?';
const DATE = `(?:\\d{1,2}(?:er)?\\.?[\\s-]${MONTH}[\\s-]\\d{2,4}|${MONTH}\\s\\d{1,2},?\\s\\d{4}|\\d{1,2}[/.-]\\d{1,2}[/.-]\\d{2,4}|\\d{4}[/-]\\d{2}[/-]\\d{2})`;
const TIME = '\\d{1,2}\\s?[:hH]\\s?\\d{2}(?::\\d{2})?(?:\\s?[AaPp]\\.?[Mm]\\.?)?';
const ZONE = '(?:\\s?\\(?(?:(?:UTC|GMT|CES?T)(?:\\s?[+-]\\d{1,2}(?::?\\d{2})?)?|[+-]\\d{2}:?\\d{2})\\)?)?';
const WHEN = new RegExp(`^(?:(?:Le|On)\\s+)?${DAY}${DATE}[\\s,]{1,3}(?:(?:à|a|at)\\s)?${TIME}${ZONE}`, 'u');
/** Some programs leave the time out; then only an address makes it theirs. */
const DATED = new RegExp(`^(?:(?:Le|On)\\s+)?${DAY}${DATE}`, 'u');
const WROTE_THEN = new RegExp(
  `\\s[aà]\\s[eé]crit,?\\s(?:le\\s)?${DAY}${DATE}[\\s,]{1,3}(?:à\\s)?${TIME}${ZONE}\\s*:$`,
  'iu',
);
const ADDRESS = /[^\s<>@]{1,64}@[^\s<>@]{1,255}/;
/** Names begin with a capital or a quotation mark; a sentence goes on in small letters. */
const NAME = /^["'«“‘(<[]?\s?\p{Lu}/u;
const TITLE = /\b(?:Dr|Pr|M|Mr|Mme|Mlle|St|Ste|[A-Z])\.\s/g;

const ATTRIBUTION_LINES = 4;
const ATTRIBUTION_CHARACTERS = 500;

/** Whether an attribution can stand anywhere in a text: each says that somebody wrote. */
export const mayAttribute = (text: string): boolean => /[aà][\s>*]{1,20}[eé]crit|\swrote/iu.test(text);

/** An attribution that begins at `at`: its last line, and whether it names an address; null when there is none. */
export function attributionAt(lines: readonly string[], at: number): { last: number; address: boolean } | null {
  let joined = '';
  for (let last = at; last < Math.min(lines.length, at + ATTRIBUTION_LINES); last += 1) {
    const line = withoutMarks(lines[last] ?? '');
    if (line === '' || joined.length + line.length > ATTRIBUTION_CHARACTERS) return null;
    joined = joined === '' ? line : `${joined} ${line}`;
    if (last === at && !mayBeginAttribution(joined)) return null;
    if (isAttribution(joined, last > at)) return { last, address: ADDRESS.test(joined) };
  }
  return null;
}

const withoutMarks = (line: string): string =>
  line
    .replace(/^[>\s]+/, '')
    .replace(/^\*+|\*+$/g, '')
    .trim();
const mayBeginAttribution = (line: string): boolean => DATED.test(line) || NAME.test(line) || ADDRESS.test(line);

/** Over several lines it begins with date and time, and a name without figures follows: no line of the writer's own is taken in. */
function isAttribution(line: string, folded: boolean): boolean {
  if (WROTE_THEN.test(line)) return NAME.test(line) && !folded;
  const wrote = WROTE.exec(line);
  if (wrote === null) return false;
  const when = WHEN.exec(line)?.[0] ?? '';
  const date = when === '' ? (DATED.exec(line)?.[0] ?? '') : when;
  const who = line
    .slice(date.length, wrote.index)
    .replace(/^[\s,:-]+/, '')
    .replace(TITLE, '');
  if (/[.!?;]\s/.test(who) || who.length > 320) return false;
  if (folded && (when === '' || /\d/.test(who.replace(/[^\s<>]*@.*$/, '')))) return false;
  return ADDRESS.test(who) ? date !== '' || /<[^<>\s]{3,320}>$/.test(who) : when !== '' && NAME.test(who);
}

/** What a line of a reply header says; the first word names it in any of the forms that programs write. */
const HEADER_KEYS = {
  from: /^(?:de|from|expéditeur)$/,
  sent: /^(?:envoyé(?: le)?|sent)$/,
  date: /^(?:date(?: d'envoi)?)$/,
  to: /^(?:à|a|to|pour|destinataires?)$/,
  subject: /^(?:objet|sujet|subject)$/,
  other:
    /^(?:cc|cci|bcc|copie(?: à)?|importance|priorité|répondre à|reply-to|pièces? jointes?|attachments?|organisation)$/,
} as const;
type HeaderKey = keyof typeof HEADER_KEYS;
const KEYS = Object.keys(HEADER_KEYS) as HeaderKey[];
const HEADER_LINE = /^[*_\s|]{0,3}([\p{L}' -]{1,20}?)\s?\*{0,2}\s?:\*{0,2}(.*)$/u;
const BLOCK_LINES = 16;
const FOLDED_LINES = 3;

function headerKey(line: string): { key: HeaderKey; words: string } | null {
  const found = HEADER_LINE.exec(line);
  const name = (found?.[1] ?? '').toLowerCase().trim().replaceAll('’', "'");
  const key = name === '' ? undefined : KEYS.find((one) => HEADER_KEYS[one].test(name));
  return key === undefined ? null : { key, words: found?.[2] ?? '' };
}

export type HeaderBlock = { last: number; first: HeaderKey };

/**
 * A reply header that begins at `at`: who wrote, when, and to whom or about what. "Envoyé" has a time of day, and "Date"
 * needs an address beside it: letters name their own sender, date and object in the same words.
 */
export function headerBlockAt(lines: readonly string[], at: number): HeaderBlock | null {
  const first = headerKey(lines[at] ?? '');
  if (first === null) return null;
  const found = new Map<HeaderKey, string>();
  let last = at;
  for (let line = at; line < Math.min(lines.length, at + BLOCK_LINES); line += 1) {
    const header = headerKey(lines[line] ?? '');
    if (header === null && line - last >= FOLDED_LINES) break;
    if (header === null || found.has(header.key)) continue;
    found.set(header.key, header.words);
    last = line;
  }
  const [from, sent, date] = [found.get('from'), found.get('sent'), found.get('date')];
  if (from === undefined || !(found.has('to') || found.has('subject'))) return null;
  const isMails = sent === undefined ? date !== undefined && ADDRESS.test(from) : /\d\s?[:hH]\s?\d{2}/.test(sent);
  return isMails ? { last, first: first.key } : null;
}

/** The webmail of Orange begins its quote so. */
export const isOrangeMark = (line: string): boolean => /^Message du \d{2}\/\d{2}\/\d{2,4} \d{2}:\d{2}\s*$/.test(line);

const RULE = /^\s*[-_=*–—]{5,}\s*$/;
const ORIGINAL =
  /^\s*[-_*\s]{3,40}(?:message (?:d['’]origine|original|initial|envoyé)|original message|(?:mail|courriel) (?:d['’]origine|original))[-_*\s:]{0,40}$/i;
const FORWARD =
  /^[-_*=\s>]{0,40}(?:forwarded message|(?:message|mail|courriel|courrier) (?:transféré|transfere|réexpédié|suivi)|début du (?:message|courriel) (?:transféré|réexpédié)|begin forwarded message)(?:\s(?:de|par|from|by)\s[^:]{1,80})?[-_*=\s:]{0,40}$/i;

export const isSeparator = (line: string): boolean => RULE.test(line) || ORIGINAL.test(line);
/** Only a program writes it: what follows is the earlier mail, whatever it looks like. */
export const isOriginalMark = (line: string): boolean => ORIGINAL.test(line) && /[-_*]{3}\s*$/.test(line.trimEnd());
/** With dashes or a colon: the words alone may open a sentence. */
export const isForwardMark = (line: string): boolean => line.length <= 160 && FORWARD.test(line) && /[-_*:]/.test(line);

const DEVICE =
  '(?:iphone|ipad|ipod|mac|android|samsung|galaxy|huawei|honor|xiaomi|redmi|oppo|xperia|nokia|blackberry|windows|outlook|yahoo|gmail|orange|sfr|free|bouygues|la ?poste|proton|smartphone|téléphone|portable|mobile|tablette|phone|tablet)';
const OWN =
  "(?:(?:mon|ma|un|une|le|la|my|an?)\\s|l['’]\\s?)?(?:(?:application|appli|app|appareil|adresse|messagerie|téléphone|smartphone|courrier|mail)\\s){0,3}(?:pour\\s|for\\s)?";
const FOOTER = new RegExp(
  `^\\s*(?:(?:envoyée? (?:de|depuis|à partir de|via|avec)|sent (?:from|via|with)|provenance\\s?:) ${OWN}${DEVICE}|(?:télécharge[rz]|obtenir|obtenez|get) ${DEVICE} (?:pour|for))(?![\\p{L}-])` +
    "[\\p{L}\\p{N} '’<>()/:._#-]{0,100}$",
  'iu',
);

/** "Envoyé de mon iPhone", "Télécharger Outlook pour iOS<https://aka.ms/o0ukef>"; with a telephone number it is none. */
export const isMobileFooter = (line: string): boolean =>
  line.length <= 160 && FOOTER.test(line.trimEnd()) && !/\d[\d .]{5}/.test(line);
