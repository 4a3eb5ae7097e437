/**
 * Headings among the printed lines of an HPRIM report (clinical-formats A.1.3): titles in spaced capitals, or centred
 * ones. The danger is a centred remark in capitals ("PRÉLÈVEMENT HÉMOLYSÉ") taken for the title of the next results:
 * results are put under a centred title only when it names a discipline or a usual section.
 */

const SPACED = /^\p{Lu}(?: {1,4}[\p{Lu}'’.-]){3,}$/u;
const SECTION =
  /^(?:h[eé]mato|h[eé]mogramme|num[eé]ration|formule|h[eé]mostase|coagulation|biochimie|chimie|ionogramme|bilan|enzymo|prot[eé]in|lipid|glucid|immuno|s[eé]ro|auto-?immun|allergo|hormon|endocrino|thyro|marqueurs|vitamines|bact[eé]rio|microbio|virologie|parasito|mycologie|toxicologie|pharmaco|gaz du sang|gazom[eé]trie|examen|urine|cytologie|spermo|[eé]lectrophor|antibiogramme)/i;

function isTitle(line: string): boolean {
  const title = line.trim();
  if (title.length < 4 || title.length > 80 || !/^[\p{Lu}\p{M} '’().-]+$/u.test(title)) return false;
  return /^(?:\p{Lu} ){3}/u.test(title) || line.startsWith('     ');
}

/** The section that begins with this line; null when it is no such line. Spaced letters are put together. */
export function sectionOf(line: string): string | null {
  if (!isTitle(line)) return null;
  const title = line.trim();
  if (!SPACED.test(title)) return SECTION.test(title) ? title.replace(/ {2,}/g, ' ') : null;
  const words = title.split(/ {2,}/).map((word) => word.replaceAll(' ', ''));
  return words.join(' ');
}
