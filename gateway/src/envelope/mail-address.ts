/**
 * The one address of a From field, or none: groups, lists, empty or repeated addresses give null, because identity
 * needs exactly one (RFC 5322 §3.4, smime checklist 13).
 */

const ADDRESS = /^[^\s<>()[\]:;@\\,"\p{Cc}]+@[^\s<>()[\]:;@\\,"\p{Cc}]+$/u;

/** Takes comments and quoted strings out, so that what they hold cannot be read as an address. */
function withoutCommentsAndQuotes(value: string): string | null {
  let out = '';
  let depth = 0;
  let quoted = false;
  for (let at = 0; at < value.length; at += 1) {
    const character = value[at] as string;
    if (character === '\\' && (quoted || depth > 0)) {
      at += 1;
      continue;
    }
    if (character === '"' && depth === 0) {
      quoted = !quoted;
      out += ' ';
    } else if (quoted) continue;
    else if (character === '(') depth += 1;
    else if (character === ')') {
      depth -= 1;
      if (depth < 0) return null;
    } else if (depth === 0) out += character;
  }
  return quoted || depth !== 0 ? null : out;
}

/** The address of a field that holds exactly one mailbox; null otherwise. */
export function singleAddress(value: string): string | null {
  const bare = withoutCommentsAndQuotes(value);
  if (bare === null || /[,;:]/.test(bare)) return null;
  const angled = /^[^<>]*<([^<>]*)>\s*$/.exec(bare);
  const address = (angled === null ? bare : (angled[1] as string)).trim();
  return ADDRESS.test(address) && address.length <= 254 ? address : null;
}

/** Display name of a field with one mailbox, encoded words left as they are; empty when there is none. */
export function displayNameOf(value: string): string {
  const at = value.lastIndexOf('<');
  return at < 0
    ? ''
    : value
        .slice(0, at)
        .trim()
        .replace(/^"(.*)"$/, '$1')
        .replace(/\\(.)/g, '$1');
}

/** Whether two addresses are the same mailbox: domain and local part without case (RFC 8550 §3). */
export function isSameAddress(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}
