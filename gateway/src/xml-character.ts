/** What an XML document may hold, told by number (XML 1.0, production 2). Part of ports.ts; each reader has its own answer to the rest. */

/** Whether this is the number of a character that XML allows. */
export const isXmlCharacter = (code: number): boolean =>
  code === 0x9 ||
  code === 0xa ||
  code === 0xd ||
  (code >= 0x20 && code <= 0xd7ff) ||
  (code >= 0xe000 && code <= 0xfffd) ||
  (code >= 0x10000 && code <= 0x10ffff);
