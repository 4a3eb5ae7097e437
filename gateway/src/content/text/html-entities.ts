/**
 * Character references of HTML (`&eacute;`, `&#233;`, `&#xE9;`), in HTML letters and in the reports of laboratories
 * whose software exports HTML by mistake (clinical-formats A.1.4).
 *
 * A reference that is unknown, or that would make a control, a surrogate or a text direction mark, stays as written.
 */

/** Names of U+00A0 to U+00FF, in order (HTML 4.01, section 24.2). */
const LATIN1_NAMES = (
  'nbsp iexcl cent pound curren yen brvbar sect uml copy ordf laquo not shy reg macr deg plusmn sup2 sup3 acute micro ' +
  'para middot cedil sup1 ordm raquo frac14 frac12 frac34 iquest Agrave Aacute Acirc Atilde Auml Aring AElig Ccedil ' +
  'Egrave Eacute Ecirc Euml Igrave Iacute Icirc Iuml ETH Ntilde Ograve Oacute Ocirc Otilde Ouml times Oslash Ugrave ' +
  'Uacute Ucirc Uuml Yacute THORN szlig agrave aacute acirc atilde auml aring aelig ccedil egrave eacute ecirc euml ' +
  'igrave iacute icirc iuml eth ntilde ograve oacute ocirc otilde ouml divide oslash ugrave uacute ucirc uuml yacute ' +
  'thorn yuml'
).split(' ');

const NAMED = new Map<string, string>([
  ...LATIN1_NAMES.map((name, index): [string, string] => [name, String.fromCharCode(0xa0 + index)]),
  ...Object.entries({
    quot: '"',
    amp: '&',
    lt: '<',
    gt: '>',
    apos: "'",
    euro: '€',
    hellip: '…',
    ndash: '–',
    mdash: '—',
  }),
  ...Object.entries({ lsquo: '‘', rsquo: '’', sbquo: '‚', ldquo: '“', rdquo: '”', bdquo: '„', bull: '•', trade: '™' }),
  ...Object.entries({
    oelig: 'œ',
    OElig: 'Œ',
    Yuml: 'Ÿ',
    scaron: 'š',
    Scaron: 'Š',
    fnof: 'ƒ',
    permil: '‰',
    dagger: '†',
  }),
  ...Object.entries({ le: '≤', ge: '≥', ne: '≠', asymp: '≈', minus: '−', infin: '∞', larr: '←', uarr: '↑', rarr: '→' }),
  ...Object.entries({ darr: '↓', harr: '↔', alpha: 'α', beta: 'β', gamma: 'γ', delta: 'δ', Delta: 'Δ', mu: 'μ' }),
  ...Object.entries({
    lambda: 'λ',
    kappa: 'κ',
    omega: 'ω',
    lsaquo: '‹',
    rsaquo: '›',
    ensp: ' ',
    emsp: ' ',
    thinsp: ' ',
  }),
]);

export function decodeEntities(text: string): string {
  if (!text.includes('&')) return text;
  return text.replace(/&(?:#([0-9]{1,7})|#[xX]([0-9a-fA-F]{1,6})|([A-Za-z][A-Za-z0-9]{1,8}));/g, (whole, ...groups) => {
    const [decimal, hexadecimal, name] = groups as (string | undefined)[];
    if (name !== undefined) return NAMED.get(name) ?? whole;
    const code = decimal !== undefined ? Number.parseInt(decimal, 10) : Number.parseInt(hexadecimal ?? '', 16);
    return characterOf(code) ?? whole;
  });
}

function characterOf(code: number): string | null {
  if (code < 0x20 || code > 0x10ffff || (code >= 0x7f && code < 0xa0)) return null;
  if (code >= 0xd800 && code <= 0xdfff) return null;
  const character = String.fromCodePoint(code);
  return /[\p{Bidi_Control}\u2028\u2029]/u.test(character) ? null : character;
}
